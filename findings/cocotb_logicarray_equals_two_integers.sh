#!/usr/bin/env bash
# cocotb 2.1: a LogicArray equals an integer by its unsigned and by its signed reading.
#
# Seen 2026-11-28, cocotb 2.1.0. "1111" == 15 and "1111" == -1 are both true, so a bench that compares
# with a signed expectation passes on hardware that lacks the sign extension.
source "$(dirname "$(readlink -f "$0")")/common.sh"

packages cocotb==2.1.0
compared() {
    python -c "from cocotb.types import LogicArray; print(LogicArray('1111') == $1)"
}
expect "unsigned" "True" "$(compared 15)"
expect "signed" "True" "$(compared -1)"
expect "another" "False" "$(compared 14)"
