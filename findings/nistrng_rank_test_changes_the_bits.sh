#!/usr/bin/env bash
# nistrng: the matrix rank test overwrites its input, so that a good generator fails the tests run after it.
#
# Seen 2026-12-01, nistrng 1.2.3 with NumPy 2.4.6 and SciPy 1.17.1. The tests of NIST SP 800-22 all take the same
# sequence. The rank test eliminates rows in place, in the array it is given: about half of 200,000 bits of NumPy's PCG64
# change. On the original bits the spectral, serial and approximate entropy tests pass; run after the rank test, as in
# the battery, they fail with p below 0.001. The cumulative sums test returns p = 1 for each of these sequences in the
# type that `pack_sequence` returns, int8, in which NumPy 2 keeps the sums; as int64 p is between 0.5 and 0.9.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages nistrng==1.2.3 numpy==2.4.6 scipy==1.17.1

cat > seen.py <<'P'
import warnings

import nistrng
import numpy as np

warnings.simplefilter("ignore")
LATER = ("dft", "serial", "approximate_entropy")
BATTERY = {name: nistrng.SP800_22R1A_BATTERY[name] for name in ("binary_matrix_rank", *LATER)}


def p_value(bits: np.ndarray, name: str) -> float:
    return float(np.mean(nistrng.SP800_22R1A_BATTERY[name].run(bits)[0].score))


sequences = [
    nistrng.pack_sequence(np.random.default_rng(seed).integers(-128, 128, size=25000))
    for seed in range(3)
]
alone = [p_value(bits.copy(), name) for bits in sequences for name in LATER]
print("alone:", "pass" if min(alone) > 0.01 else alone)
changed, after_rank, as_int8, as_int64 = [], [], [], []
for bits in sequences:
    as_int8.append(p_value(bits, "cumulative sums"))
    as_int64.append(p_value(bits.astype(np.int64), "cumulative sums"))
    copy = bits.copy()
    results = nistrng.run_all_battery(copy, BATTERY, check_eligibility=False)
    changed.append((copy != bits).mean())
    after_rank += [float(np.mean(result.score)) for result, _ in results[1:]]
print("changed:", "about half" if 0.45 < min(changed) and max(changed) < 0.55 else changed)
print("after the rank test:", "fail" if max(after_rank) < 0.001 else after_rank)
print("cumulative sums of int8:", *(round(p, 4) for p in as_int8))
print("cumulative sums of int64:", *(round(p, 4) for p in as_int64))
P
python seen.py > seen.txt
said() { sed -n "s/^$1: //p" seen.txt; }
expect "dtype of pack_sequence" int8 "$(python -c 'import nistrng; print(nistrng.pack_sequence([1]).dtype)')"
expect "spectral, serial and entropy tests alone" pass "$(said alone)"
expect "bits that the rank test changes" "about half" "$(said changed)"
expect "the same three after the rank test" fail "$(said 'after the rank test')"
expect "cumulative sums of int8" "1.0 1.0 1.0" "$(said 'cumulative sums of int8')"
expect "cumulative sums of int64" "0.5377 0.8208 0.7652" "$(said 'cumulative sums of int64')"
