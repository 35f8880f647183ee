#!/usr/bin/env bash
# JAX on the CPU: an optimization barrier does not keep XLA from fusing what stands on its two sides.
#
# Seen 2026-12-01, jax and jaxlib 0.10.2 (CPU). The documentation of jax.lax.optimization_barrier says
# that operations before a barrier may not be fused with operations after it. A convolution of 3 x 3
# weights and max pooling, then a barrier, then the nine shifted copies that the next convolution's
# matrix product takes: the barrier is in the program that JAX hands over, and not in the compiled one,
# where each of the nine copies computes the convolution anew, 81 multiplications for 9. Two compiled
# functions one after the other multiply 9 times. A network that a barrier is to speed up gains nothing.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2

cat > barrier.py <<'P'
import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng(0)
images = jnp.asarray(rng.normal(size=(1, 30, 30, 64)), jnp.float32)
first = jnp.asarray(rng.normal(size=(9, 8)), jnp.float32)
second = jnp.asarray(rng.normal(size=(16, 72)), jnp.float32)


def pooled(x):
    shifted = [x[:, i : i + 28, j : j + 28] for i in range(3) for j in range(3)]
    total = sum(w[:, None, None, None] * part for w, part in zip(first, shifted))
    rows = total.reshape(8, 14, 2, 28 * 64)
    pairs = jnp.maximum(rows[:, :, 0], rows[:, :, 1]).reshape(8, 14, 14, 2, 64)
    return jnp.maximum(pairs[:, :, :, 0], pairs[:, :, :, 1])


def product(x):
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    seen = [x[:, i : i + 14, j : j + 14] for i in range(3) for j in range(3)]
    return second @ jnp.concatenate(seen).reshape(72, -1)


def lowered(function, x):
    return jax.jit(function).lower(x)


def multiplications(function, x):
    return lowered(function, x).compile().as_text().count(" multiply(")


def barred(x):
    return product(jax.lax.optimization_barrier(pooled(x)))


with_barrier = lowered(barred, images)
handed_over = "optimization_barrier" in with_barrier.as_text()
compiled = "opt-barrier" in with_barrier.compile().as_text()
apart = multiplications(pooled, images) + multiplications(product, pooled(images))
print(f"barrier handed over {handed_over}, compiled {compiled};", end=" ")
print(f"multiplications {multiplications(lambda x: product(pooled(x)), images)},", end=" ")
print(f"{multiplications(barred, images)} with a barrier, {apart} apart")
P
expect "convolution, pooling and the next one's nine windows" \
    "barrier handed over True, compiled False; multiplications 81, 81 with a barrier, 9 apart" \
    "$(JAX_PLATFORMS=cpu python barrier.py)"
