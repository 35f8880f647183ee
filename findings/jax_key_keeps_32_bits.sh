#!/usr/bin/env bash
# JAX random.key: without x64 a seed keeps its low 32 bits only.
#
# Seen 2026-11-28, jax and jaxlib 0.10.2 on the CPU. The keys of seeds 1 and 2^32 + 1 are equal, without
# a warning, so two replicas that a 64-bit hash tells apart can train on one stream. With x64
# enabled they differ.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > keys.py <<'P'
import jax
import numpy as np

low, high = (np.asarray(jax.random.key_data(jax.random.key(seed))) for seed in (1, 2**32 + 1))
print("equal" if np.array_equal(low, high) else "different")
P
export JAX_PLATFORMS=cpu
expect "keys of 1 and 2^32 + 1" equal "$(python -W error keys.py)"
expect "the same with x64" different "$(JAX_ENABLE_X64=1 python -W error keys.py)"
