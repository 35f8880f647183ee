#!/usr/bin/env bash
# SciPy max_len_seq: a tap list as tables print it gives a constant.
#
# Seen 2026-11-28, scipy 1.17.1. Tables of maximal-length taps (AMD XAPP052: 8, 6, 5, 4) name the
# register length first. max_len_seq(8, taps=[8, 6, 5, 4]) accepts that list and returns ones only:
# the length is implied, taken modulo the length and cancels itself. taps=[6, 5, 4] has period 255.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages scipy==1.17.1 numpy==2.4.6

cat > taps.py <<'P'
from scipy.signal import max_len_seq

for taps in ([6, 5, 4], [8, 6, 5, 4]):
    sequence = max_len_seq(8, taps=taps)[0]
    print(len(sequence), sequence.sum())
P
expect "length and ones, taps 6 5 4 and 8 6 5 4" "255 128 255 255" \
    "$(python taps.py | tr '\n' ' ' | sed 's/ $//')"
