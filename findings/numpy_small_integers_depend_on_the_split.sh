#!/usr/bin/env bash
# NumPy Generator.integers: draws of bool, int8 and int16 depend on how they are split into calls.
#
# Seen 2026-11-28, numpy 2.4.6. Twelve integers drawn at once and as 5 + 7 are the same numbers in
# int32 and int64 and different ones in bool, int8 and int16: a narrow draw takes several numbers
# from one word of the generator, and what a call leaves of a word is thrown away. A direction of
# signs that is drawn layer by layer is another one than the same direction drawn whole.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages numpy==2.4.6

cat > split.py <<'P'
import numpy as np

for dtype in (np.bool_, np.int8, np.int16, np.int32, np.int64):
    whole = np.random.default_rng(0).integers(0, 2, 12, dtype=dtype)
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 2, count, dtype=dtype) for count in (5, 7)]
    print(np.dtype(dtype).name, "same" if np.array_equal(whole, np.concatenate(parts)) else "other")
P
expect "12 numbers against 5 + 7" \
    "bool other int8 other int16 other int32 same int64 same" \
    "$(python split.py | tr '\n' ' ' | sed 's/ $//')"
