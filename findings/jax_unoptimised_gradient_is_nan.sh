#!/usr/bin/env bash
# JAX: with XLA's optimisation off, the gradient of a maximum is NaN.
#
# Seen 2026-11-29, jax and jaxlib 0.10.2 (CPU). With XLA_FLAGS=--xla_backend_optimization_level=0, a
# usual way to make tests that mostly compile run faster, the compiled gradient of a maximum over
# pairs of rows of a sum of two scaled images (a convolution and max pooling in small) is NaN in all
# four components. Its value is right, and so is the gradient at levels 1 to 3, without the flag and
# uncompiled. Networks that take gradients fail, those that compare two values train as before.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2

cat > gradient.py <<'P'
import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng(0)
image, weights = (rng.normal(size=shape).astype(np.float32) for shape in ((8, 8), 4))


def pooled(w):
    total = w[:, None, None] * image + w[::-1][:, None, None] * image[::-1]
    return total.reshape(4, 4, 2, 8).max(2).sum()


with jax.disable_jit():
    expected, value = jax.grad(pooled)(weights), pooled(weights)
gradient = jax.jit(jax.grad(pooled))(weights)
assert np.isfinite(expected).all() and np.isclose(jax.jit(pooled)(weights), value)
close = np.allclose(gradient, expected, rtol=1e-4)
print("right" if close else f"{int(jnp.isnan(gradient).sum())} of 4 NaN")
P
seen=""
for level in 0 1 2 3; do
    seen="$seen${seen:+, }$(XLA_FLAGS="--xla_backend_optimization_level=$level" python gradient.py)"
done
expect "gradient of a maximum at optimisation levels 0 to 3" \
    "4 of 4 NaN, right, right, right" "$seen"
