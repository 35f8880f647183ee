#!/usr/bin/env bash
# Numba: a loop that writes its result over its own input runs without SIMD.
#
# Seen 2026-11-30, numba 0.68.1 on x86-64. `out[i] = weights[i] + numbers[i] * factor` is compiled to
# two loops, and a check of addresses chooses: with SIMD where the arrays lie apart, without where
# they overlap. An update in place passes one array as `out` and `weights`, which is safe for SIMD but
# overlaps: of 64 Ki weights and 8-bit numbers it took 4 times as long as the same call into another
# array. `weights[i] += numbers[i] * factor`, the same sums in a loop of its own, took less than
# either. A step of a zeroth-order optimiser moves all weights in place; the values are the same bits.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages numpy==2.4.6 numba==0.68.1

cat > in_place.py <<'P'
import time

import numba
import numpy as np


@numba.njit
def added(weights, numbers, factor, out):
    for i in range(weights.size):
        out[i] = weights[i] + np.float32(numbers[i]) * factor


@numba.njit
def shifted(weights, numbers, factor):
    for i in range(weights.size):
        weights[i] += np.float32(numbers[i]) * factor


rng = np.random.default_rng(0)
weights = rng.normal(size=2**16).astype(np.float32)
numbers = rng.integers(-128, 128, weights.size).astype(np.int8)
factor, other = np.float32(1e-6), np.empty_like(weights)


def seconds(call):
    call()
    found = []
    for _ in range(200):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


expected = weights + numbers.astype(np.float32) * factor
one, two = weights.copy(), weights.copy()
added(one, numbers, factor, one)
shifted(two, numbers, factor)
assert np.array_equal(one, expected) and np.array_equal(two, expected)
apart = seconds(lambda: added(weights, numbers, factor, other))
over = seconds(lambda: added(weights, numbers, factor, weights))
own = seconds(lambda: shifted(weights, numbers, factor))
print(f"over its input {over / apart:.1f}, += {own / apart:.1f}")
print("slower, not slower" if over / apart > 1.5 and own / apart < 1.2 else "changed")
P
seen="$(python in_place.py)"
echo "times of the call into another array: ${seen%%$'\n'*}"
expect "over its input, and by +=" "slower, not slower" "${seen##*$'\n'}"
