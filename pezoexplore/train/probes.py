"""The change of the loss when one weight is moved, without a whole forward pass each.

Probing weight i of layer l changes nothing before that layer, so the forward pass restarts there:
feature reuse (DeepZero, arXiv 2310.02025), possible for any network that can be cut at its layers.
Two kinds allow more, since what a weight is multiplied with is known:

- in a dense layer of a perceptron the probe moves one unit j, by eps times the input the weight
  sees; the next layer's pre-activations move by W[:, j] times the change of that unit's activation,
  and the forward pass continues from there;
- in a convolution it moves one channel, by eps times a shifted input channel; that channel and
  those it is normalised with go through the rest of the layer, the others are computed already.

All are the differences L(w + eps e_i) - L(w) of whole passes, summed in another order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.cnn import VARIANCE_FLOOR, Cnn
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Array, Block, Loss, Network


@dataclass(frozen=True)
class Probe:
    """Network and method of a probe; equal probes are compiled once.

    Attributes:
        network: The network.
        loss: Losses of examples by outputs and targets.
        reuse: Whether forward passes restart at the perturbed layer; without it each is whole,
            the baseline of the speed-up.
    """

    network: Network
    loss: Loss
    reuse: bool = True


Changes = Callable[[Array], Array]
"""Indices [k] of weights to the changes [k] of the mean loss when each is moved."""


def probed(
    probe: Probe, layer: int, flat: Array, inputs: Array, targets: Array, epsilon: Array
) -> Changes:
    """Return L(w + eps e_i) - L(w) as a function of i in one layer.

    An index past the weights gives any number.

    Args:
        probe: Network, loss and method.
        layer: Layer that all indices belong to.
        flat: Weights, [d].
        inputs: A batch, [n, ...].
        targets: [n, ...].
        epsilon: Length of the probe.
    """
    jax = load_jax()
    network = probe.network
    first = layer if probe.reuse else 0
    entering = network.prefix(flat, inputs, first)
    base = probe.loss(network.suffix(flat, entering, first), targets)

    if probe.reuse and isinstance(network, Mlp):
        outputs = _dense_unit(network, layer, flat, entering, epsilon)
    elif probe.reuse and isinstance(network, Cnn) and layer < len(network.convs):
        outputs = _channel(network, layer, flat, entering, epsilon)
    else:
        outputs = _restarted(network, first, flat, entering, epsilon)

    def change(index: Array) -> Array:
        return (probe.loss(outputs(index), targets) - base).mean()

    if isinstance(network, Mlp) and probe.reuse:
        several: Changes = jax.vmap(change)
        return several
    # Side by side, networks of different weights would be slower, and activations fill the cache.
    return lambda indices: jax.lax.map(change, indices)


def _restarted(
    network: Network, layer: int, flat: Array, entering: Array, epsilon: Array
) -> Callable[[Array], Array]:
    """Return outputs by moved weight, the forward pass restarting at a layer."""

    def outputs(index: Array) -> Array:
        return network.suffix(flat.at[index].add(epsilon, mode="drop"), entering, layer)

    return outputs


def _dense_unit(
    network: Mlp, layer: int, flat: Array, entering: Array, epsilon: Array
) -> Callable[[Array], Array]:
    """Return outputs by moved weight of a dense layer, only its unit moving."""
    jnp = load_jax().numpy
    layers = network.unpack(flat)
    weight, bias = layers[layer]
    start, (units, width) = network.blocks[2 * layer].start, weight.shape
    before = entering @ weight.T + bias

    def moved(index: Array) -> tuple[Array, Array]:
        """Return a weight's unit, and by how much the unit's pre-activation moves, [n]."""
        inner = index - start
        unit = jnp.where(inner < units * width, inner // width, inner - units * width)
        seen = jnp.where(inner < units * width, entering[:, inner % width], 1.0)
        return unit, epsilon * seen

    if layer + 1 == network.layers:

        def last(index: Array) -> Array:
            unit, step = moved(index)
            return before + step[:, None] * (jnp.arange(units) == unit)

        return last

    following, shift = layers[layer + 1]
    after = jnp.maximum(before, 0) @ following.T + shift

    def outputs(index: Array) -> Array:
        unit, step = moved(index)
        old = before[:, unit]
        jump = jnp.maximum(old + step, 0) - jnp.maximum(old, 0)
        hidden = after + jump[:, None] * following[:, unit]
        if layer + 2 == network.layers:
            return hidden
        return network.suffix(flat, jnp.maximum(hidden, 0), layer + 2)

    return outputs


def _channel(
    network: Cnn, layer: int, flat: Array, entering: Array, epsilon: Array
) -> Callable[[Array], Array]:
    """Return outputs by moved weight of a convolution or norm, only its channel group moving."""
    jax = load_jax()
    jnp = jax.numpy
    conv = network.convs[layer]
    tensors = [block for block in network.blocks if block.layer == layer]
    weight, bias, *norm = tensors
    kernel, _, inputs, channels = weight.shape
    share = channels // conv.groups if conv.groups else 1
    images = entering if layer else entering.transpose(3, 1, 2, 0)  # [channels, h, w, n]
    windows = _windows(images, kernel, conv.same)
    taps = weight.of(flat).reshape(kernel**2, inputs, channels)
    before = jnp.einsum("tio,tihwn->ohwn", taps, windows) + bias.of(flat)[:, None, None, None]

    def finished(rows: Array, flat: Array, first: Array) -> Array:
        """Apply norm, pooling and ReLU to one group of channels, from ``first`` on."""
        if norm:
            gain, shift = (
                jax.lax.dynamic_slice_in_dim(block.of(flat), first, share) for block in norm
            )
            rows = _normed(rows, gain, shift)
        return jnp.maximum(_pooled(rows, conv.pool), 0)

    firsts = range(0, channels, share)
    after = jnp.concatenate([finished(before[at : at + share], flat, at) for at in firsts])

    def outputs(index: Array) -> Array:
        inner, weighs = index - weight.start, _holds(weight, index)
        tap = inner // channels
        seen = jnp.where(_holds(bias, index), 1.0, 0.0)
        seen = jnp.where(weighs, windows[tap // inputs, tap % inputs], seen)
        # The tensors behind the weight have one number a channel each.
        channel = jnp.where(weighs, inner % channels, (index - bias.start) % channels)
        first = channel // share * share
        rows = jax.lax.dynamic_slice_in_dim(before, first, share)
        moving = jnp.arange(share) == channel - first
        rows = rows + epsilon * moving[:, None, None, None] * seen
        moved = flat.at[index].add(epsilon, mode="drop") if norm else flat
        hidden = jax.lax.dynamic_update_slice_in_dim(after, finished(rows, moved, first), first, 0)
        if layer + 1 == len(network.convs):
            flattened = hidden.reshape(-1, hidden.shape[-1])
            hidden = hidden.mean((1, 2)) if network.mean else flattened
        return network.suffix(flat, hidden, layer + 1)

    return outputs


def _windows(images: Array, kernel: int, same: bool) -> Array:
    """Return the shifted images that a kernel's taps see, [taps, channels, h, w, n]."""
    jnp = load_jax().numpy
    pad = kernel // 2 if same else 0
    padded = jnp.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    height, width = (size + 2 * pad - kernel + 1 for size in images.shape[1:3])
    shifts = [(row, column) for row in range(kernel) for column in range(kernel)]
    return jnp.stack(
        [padded[:, row : row + height, column : column + width] for row, column in shifts]
    )


def _normed(rows: Array, gain: Array, shift: Array) -> Array:
    """Normalise the channels [channels, h, w, n] of one group."""
    mean = rows.mean((0, 1, 2))
    variance = ((rows - mean) ** 2).mean((0, 1, 2))
    scaled = (rows - mean) / load_jax().numpy.sqrt(variance + VARIANCE_FLOOR)
    normed: Array = scaled * gain[:, None, None, None] + shift[:, None, None, None]
    return normed


def _pooled(rows: Array, side: int) -> Array:
    """Take the largest value of each window of side x side of [channels, h, w, n]."""
    channels, height, width, examples = rows.shape
    high, wide = height // side, width // side
    kept = rows[:, : high * side, : wide * side]
    pooled: Array = kept.reshape(channels, high, side, wide, side, examples).max((2, 4))
    return pooled


def _holds(block: Block, index: Array) -> Array:
    return (index >= block.start) & (index < block.stop)
