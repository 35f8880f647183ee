#!/usr/bin/env bash
# Icarus Verilog 11: a parameter that -P cannot set leaves the default, and the exit status is 0.
#
# Seen 2026-11-28, Icarus Verilog 11.0 of Debian 12 (no package index has it: the system's iverilog is
# used). A value that is no literal prints "invalid value specified for defparam" and compiles the
# default all the same; a root module that does not exist is not mentioned at all. A sweep over
# such a parameter simulates one design many times.
source "$(dirname "$(readlink -f "$0")")/common.sh"

expect "version of iverilog" "11.0" "$(iverilog -V 2> /dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p')"
cat > bench.v <<'V'
module bench;
    parameter SEED = 1;
    initial $display("%0d", SEED);
endmodule
V
overridden() {
    iverilog -o bench.vvp "-P$1" bench.v 2> messages.log
    echo "status $?, $(grep -c error messages.log || true) errors, SEED = $(vvp -n bench.vvp)"
}
expect "a literal" "status 0, 0 errors, SEED = 5" "$(overridden bench.SEED=5)"
expect "an expression" "status 0, 1 errors, SEED = 1" "$(overridden bench.SEED=1+4)"
expect "an unknown root module" "status 0, 0 errors, SEED = 1" "$(overridden bnech.SEED=5)"
