"""A denoiser in front of a classifier that can only be queried.

The classifier's weights are no part of the flat weights: training moves the denoiser alone and
learns of the classifier what its outputs say (DeepZero, arXiv 2310.02025, section 5; denoised
smoothing, Salman et al., arXiv 2003.01908). It is written in JAX, so that backpropagation through
it can be the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Array, Block

LAST_SCALE = np.float32(0.1)
"""Factor on the He-normal weights of the denoiser's last layer."""


@dataclass(frozen=True)
class Denoised:
    """Classifies x + r(x), r a perceptron over flat weights.

    The last layer of r starts so small that training starts near the bare classifier; a layer of
    zeros would leave DeepZero's scores, which are products with the weights, at zero.

    Attributes:
        classifier: The classifier, a perceptron.
        frozen: Its weights, the bytes of float32 [its parameters].
        hidden: Units of the hidden layers of r.
    """

    classifier: Mlp
    frozen: bytes
    hidden: tuple[int, ...]
    layers: int = 1

    @cached_property
    def denoiser(self) -> Mlp:
        """Return the perceptron r, from images to images."""
        features = self.classifier.sizes[0]
        return Mlp((features, *self.hidden, features))

    @property
    def parameters(self) -> int:
        """Number of weights d of the denoiser."""
        return self.denoiser.parameters

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Tensors of the denoiser; it is one layer, as all of it sees x."""
        return tuple(
            Block(block.name, block.start, block.shape, 0) for block in self.denoiser.blocks
        )

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one example's forward pass, the classifier's included."""
        return self.denoiser.macs + self.classifier.macs

    def init(self, seed: int) -> NDArray[np.float32]:
        """Return the initial weights of a training seed, float32 [d]: He normal, the last small."""
        flat = self.denoiser.init(seed)
        flat[self.blocks[-2].start :] *= LAST_SCALE
        return flat

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Compute outputs [n, classes] at weights [d] on images [n, features]."""
        return self.suffix(flat, self.prefix(flat, inputs, 0), 0)

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Return the images as float32: nothing precedes the only layer."""
        del flat, layer
        return inputs.astype(load_jax().numpy.float32)

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Denoise and classify."""
        del layer
        cleaned = entering + self.denoiser.outputs(flat, entering)
        return self.classifier.outputs(np.frombuffer(self.frozen, np.float32), cleaned)
