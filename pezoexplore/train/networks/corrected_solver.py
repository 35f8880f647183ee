"""A coarse solver of a differential equation whose state a small network corrects after each step.

The solver is a black box to zeroth-order training, which sees the error of whole rollouts only
(DeepZero, arXiv 2310.02025, section 5). Its arithmetic is exponax's (F. Koehler and others,
APEBench, arXiv 2411.00180): pseudo-spectral in space, exponential time differencing in time, on a
periodic domain. It is written in JAX, so that backpropagation through it can be the reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array, Block, layout

EXTENT = 2 * math.pi
"""Side of the periodic domain."""

_INIT_STREAM = 5


@dataclass(frozen=True)
class Equation:
    """A differential equation and how finely it is solved.

    Attributes:
        name: ``burgers``: u_t + (u^2 / 2)_x = nu u_xx, one dimension. ``kolmogorov``: vorticity of
            a two-dimensional flow driven by a shear of wave number 4, with drag 0.1.
        viscosity: nu.
        points: Points a side of the coarse grid.
        step: Time step of the coarse solver.
        refinement: How many times finer the fine solver's grid is.
        substeps: How many times shorter its step is.
    """

    name: str
    viscosity: float
    points: int
    step: float
    refinement: int
    substeps: int

    @property
    def dimensions(self) -> int:
        """Dimensions of space."""
        return 1 if self.name == "burgers" else 2

    def coarse(self) -> Any:  # noqa: ANN401 - exponax has no types
        """Return the coarse solver: a function from state to state [1, points, ...]."""
        return _stepper(self.name, self.viscosity, self.points, self.step)

    def fine(self) -> Any:  # noqa: ANN401
        """Return the fine solver, one of whose steps is a substep."""
        points = self.points * self.refinement
        return _stepper(self.name, self.viscosity, points, self.step / self.substeps)


@cache
def _stepper(name: str, viscosity: float, points: int, step: float) -> Any:  # noqa: ANN401
    exponax = load_exponax()
    # A solver holds arrays, which must not belong to the trace that first needs it.
    with load_jax().ensure_compile_time_eval():
        if name == "burgers":
            return exponax.stepper.Burgers(1, EXTENT, points, step, diffusivity=viscosity)
        flow = exponax.stepper.KolmogorovFlowVorticity
        return flow(2, EXTENT, points, step, diffusivity=viscosity)


def load_exponax() -> Any:  # noqa: ANN401
    """Import exponax, after JAX has its settings.

    Raises:
        DesignError: It is not installed.
    """
    load_jax()
    if find_spec("exponax") is None:
        raise DesignError(
            "task: tasks pde-... need exponax, not found: type `pip install 'pezoexplore[pde]'`"
        )
    import exponax

    return exponax


@dataclass(frozen=True)
class CorrectedSolver:
    """The coarse solver with a convolution network behind it, over flat weights.

    After each step of the solver the state u becomes u + step * c(u). The network c has periodic
    convolutions and tanh between them; its last layer starts at zero, so that training starts
    from the uncorrected solver.

    Attributes:
        equation: The equation.
        rollout: Steps that are unrolled and compared.
        channels: Channels of the hidden layers.
        kernel: Side of the kernels, odd.
    """

    equation: Equation
    rollout: int
    channels: tuple[int, ...] = (8, 8)
    kernel: int = 5
    layers: int = 1

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Kernels [out, in * taps] and biases of the convolutions, in order."""
        shapes: list[tuple[str, tuple[int, ...], int]] = []
        before = 1
        for number, after in enumerate((*self.channels, 1), 1):
            shapes.append((f"conv{number}.weight", (after, before * self._taps), 0))
            shapes.append((f"conv{number}.bias", (after,), 0))
            before = after
        return layout(shapes)

    @property
    def _taps(self) -> int:
        """Points that a kernel sees."""
        return self.kernel if self.equation.dimensions == 1 else self.kernel**2

    @property
    def parameters(self) -> int:
        """Number of weights d."""
        return self.blocks[-1].stop

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the network over a rollout; the solver's are not counted."""
        cells = math.prod((self.equation.points,) * self.equation.dimensions)
        return self.rollout * cells * sum(block.size for block in self.blocks[::2])

    def init(self, seed: int) -> NDArray[np.float32]:
        """Return the initial weights of a training seed, float32 [d]: LeCun normal, and zeros."""
        rng = np.random.default_rng([seed, _INIT_STREAM])
        flat = np.zeros(self.parameters, np.float32)
        for block in self.blocks[:-2:2]:
            drawn = rng.normal(0.0, 1 / math.sqrt(block.shape[1]), block.size)
            flat[block.start : block.stop] = drawn
        return flat

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Roll out states [n, points, ...] at weights [d]: states [n, rollout, points, ...]."""
        return self.suffix(flat, self.prefix(flat, inputs, 0), 0)

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Return the initial states as float32: nothing precedes the only layer."""
        del flat, layer
        return inputs.astype(load_jax().numpy.float32)

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Roll out the states."""
        del layer
        jax = load_jax()
        solve = jax.vmap(self.equation.coarse())

        def advance(states: Array, _: None) -> tuple[Array, Array]:
            solved = solve(states[:, None])[:, 0]
            corrected = solved + self.equation.step * self._correction(flat, solved)
            return corrected, corrected

        made = jax.lax.scan(advance, entering, None, length=self.rollout)[1]
        return made.swapaxes(0, 1)

    def _correction(self, flat: Array, states: Array) -> Array:
        """Compute c(u) of states, [n, points, ...] both.

        All examples stand side by side in one product a layer, far faster than a product each.
        """
        jnp, hidden = load_jax().numpy, states[None]
        for kernel, bias in zip(self.blocks[::2], self.blocks[1::2], strict=True):
            seen = self._neighbours(hidden).reshape(kernel.shape[1], -1)
            made = kernel.of(flat) @ seen + bias.of(flat)[:, None]
            hidden = made.reshape(-1, *states.shape)
            if kernel is not self.blocks[-2]:
                hidden = jnp.tanh(hidden)
        return hidden[0]

    def _neighbours(self, images: Array) -> Array:
        """Return shifted copies of images [channels, n, points, ...]: [channels, taps, n, ...]."""
        jnp, reach = load_jax().numpy, self.kernel // 2
        axes = tuple(range(2, 2 + self.equation.dimensions))
        shifts = product(range(-reach, reach + 1), repeat=self.equation.dimensions)
        return jnp.stack([jnp.roll(images, shift, axes) for shift in shifts], axis=1)
