#!/usr/bin/env bash
# JAX random.normal in bfloat16: 128 values, a biased mean and no tails.
#
# Seen 2026-11-28, jax and jaxlib 0.10.2 on the CPU. A million draws in bfloat16 hold 128 distinct
# values, have a mean of -0.012 (12 standard errors) and range from -2.89 to 2.52; the same call
# in float32 has a mean within 3 standard errors and reaches beyond 4.5. A Gaussian reference drawn
# in the model's own bfloat16 is not one.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > normal.py <<'P'
import jax
import jax.numpy as jnp
import numpy as np

for dtype in (jnp.bfloat16, jnp.float32):
    drawn = jax.random.normal(jax.random.key(0), (1_000_000,), dtype=dtype)
    values = np.asarray(drawn, dtype=np.float64)
    few = min(len(np.unique(values)), 1000)
    biased = abs(values.mean()) > 0.003
    print(few, "biased" if biased else "centred", "tails" if abs(values).max() > 4.5 else "no tails")
P
expect "bfloat16, float32" "128 biased no tails, 1000 centred tails" \
    "$(JAX_PLATFORMS=cpu python normal.py | paste -sd, | sed 's/,/, /')"
