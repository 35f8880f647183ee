"""Fixed-point training, slow and obvious: one replica, plain integers, one step after the other.

Written from the contract in ``pezoexplore.train.fixed_point`` alone: rounding by division, products
in int64, the polynomials evaluated term by term in Python's own integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EXP2 = (32768, -22710, 7846, -1744, 224)
LOG2 = (0, 47266, -23505, 14893, -8936, 3854, -805)


def nearest(value: int, bits: int) -> int:
    """value / 2**bits, halves away from zero; a negative number of bits multiplies."""
    if bits <= 0:
        return value * 2**-bits
    size, half = abs(value), 2 ** (bits - 1)
    return (size + half) // 2**bits * (1 if value >= 0 else -1)


def at_random(value: int, bits: int, noise: int, noise_bits: int) -> int:
    """value / 2**bits rounded down after a random number below one was added."""
    if bits <= 0:
        return value * 2**-bits
    spread = (
        noise // 2 ** (noise_bits - bits)
        if noise_bits >= bits
        else noise * 2 ** (bits - noise_bits)
    )
    return (value + spread) // 2**bits


def held(value: int, bits: int) -> int:
    return max(-(2 ** (bits - 1)), min(2 ** (bits - 1) - 1, value))


def polynomial(coefficients: tuple[int, ...], argument: int) -> int:
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = coefficient + value * argument // 2**15
    return value


def exponential(distance: int) -> int:
    halvings = min(distance, 2**16 - 1) * 23637 // 2**14
    return polynomial(EXP2, halvings % 4096 * 8) // 2 ** (halvings // 4096)


def logarithm(total: int) -> int:
    above = total.bit_length() - 16
    log2 = above * 2**15 + polynomial(LOG2, total // 2**above - 2**15)
    return (log2 // 4 * 11357 + 2**14) // 2**15


def loss(logits: list[int], label: int) -> int:
    top = max(logits)
    return top - logits[label] + logarithm(sum(exponential(top - logit) for logit in logits))


@dataclass
class Replica:
    """One replica; weights as lists of (matrix, bias) of int64."""

    layers: list[tuple[np.ndarray, np.ndarray]]
    weight_points: tuple[int, ...]
    activation_points: tuple[int, ...]
    weight_bits: int
    activation_bits: int
    exponent: int
    update_shift: int
    noise_bits: int
    sign: bool

    def logits(self, layers, inputs) -> np.ndarray:
        """[examples, classes] of inputs [examples, features]."""
        hidden = inputs.astype(np.int64)
        for depth, (matrix, bias) in enumerate(layers):
            total = hidden @ matrix.T + (bias << self.activation_points[depth])
            point = self.weight_points[depth] + self.activation_points[depth]
            last = depth + 1 == len(layers)
            wanted = 12 if last else self.activation_points[depth + 1]
            rounded = np.vectorize(lambda v, n=point - wanted: nearest(int(v), n))(total)
            if last:
                return rounded
            hidden = np.clip(rounded, 0, 2 ** (self.activation_bits - 1) - 1)
        raise AssertionError

    def rounded(self, values, noise):
        """Probes of every layer from values by layer, and noise alike or None."""
        probes = []
        for depth, parts in enumerate(values):
            shift = -(self.exponent + self.weight_points[depth])
            probes.append(
                tuple(
                    self._each(part, shift, None if noise is None else noise[depth][index])
                    for index, part in enumerate(parts)
                )
            )
        return probes

    def _each(self, part, shift, noise):
        if noise is None:
            found = [nearest(int(v), shift) for v in part.ravel()]
        else:
            found = [
                at_random(int(v), shift, int(r), self.noise_bits)
                for v, r in zip(part.ravel(), noise.ravel(), strict=True)
            ]
        return np.array([held(v, self.weight_bits) for v in found], np.int64).reshape(part.shape)

    def step(self, inputs, labels, rate, probe, along, noise):
        """One step along one direction; returns D."""
        difference, size = self.probed(inputs, labels, rate, probe)
        self.move(size, along, noise)
        return difference

    def probed(self, inputs, labels, rate, probe):
        """D and M of a direction at the weights as they are."""
        sides = []
        for sign in (1, -1):
            moved = [
                tuple(
                    np.vectorize(lambda v: held(int(v), self.weight_bits))(w + sign * p)
                    for w, p in zip(layer, by, strict=True)
                )
                for layer, by in zip(self.layers, probe, strict=True)
            ]
            outputs = self.logits(moved, inputs)
            sides.append(
                [loss(row.tolist(), int(label)) for row, label in zip(outputs, labels, strict=True)]
            )
        difference = sum(sides[0]) - sum(sides[1])
        return difference, self.sized(difference, rate)

    def sized(self, difference, rate):
        """M of a D."""
        if self.sign:
            return int(np.sign(difference)) * rate
        return held((held(difference, 24) * rate + 2**14) // 2**15, 16)

    def move(self, size, along, noise):
        """Move all weights along a direction."""
        for depth, layer in enumerate(self.layers):
            for index, weight in enumerate(layer):
                flat, moves = weight.reshape(-1), along[depth][index].ravel()
                for at in range(flat.size):
                    product = size * int(moves[at])
                    if noise is None:
                        move = nearest(product, self.update_shift)
                    else:
                        random = int(noise[depth][index].ravel()[at])
                        move = at_random(product, self.update_shift, random, self.noise_bits)
                    flat[at] = held(int(flat[at]) - move, self.weight_bits)


@dataclass
class ConvReplica(Replica):
    """One replica of a convolution network; its first layers are kernels [row, column, in, out].

    Attributes:
        convs: Of each convolution, whether the image keeps its size, and the side of its pooling.
        mean: Whether the dense layers see averages over positions.
    """

    convs: list[tuple[bool, int]]
    mean: bool

    def logits(self, layers, inputs) -> np.ndarray:
        """[examples, classes] of inputs [examples, rows, columns, channels]."""
        hidden = inputs.astype(np.int64)
        for depth, (weight, bias) in enumerate(layers):
            if depth < len(self.convs):
                same, side = self.convs[depth]
                total = convolved(hidden, weight, same)
            else:
                total = hidden @ weight.T
            total = total + (bias << self.activation_points[depth])
            point = self.weight_points[depth] + self.activation_points[depth]
            last = depth + 1 == len(layers)
            wanted = 12 if last else self.activation_points[depth + 1]
            rounded = np.vectorize(lambda v, n=point - wanted: nearest(int(v), n))(total)
            if last:
                return rounded
            hidden = np.clip(rounded, 0, 2 ** (self.activation_bits - 1) - 1)
            if depth < len(self.convs):
                hidden = largest_of_windows(hidden, side)
            if depth + 1 == len(self.convs):
                hidden = self.flattened(hidden)
        raise AssertionError

    def flattened(self, images: np.ndarray) -> np.ndarray:
        """[examples, features]: channel by channel, each row by row; or averages, halves up."""
        count, rows, columns, channels = images.shape
        if not self.mean:
            return images.transpose(0, 3, 1, 2).reshape(count, -1)
        sums = [[int(images[n, :, :, c].sum()) for c in range(channels)] for n in range(count)]
        positions = rows * columns
        return np.array([[(2 * s + positions) // (2 * positions) for s in row] for row in sums])


def convolved(images: np.ndarray, weight: np.ndarray, same: bool) -> np.ndarray:
    """Every position by itself; outside the image are zeros."""
    high, wide, _, out = weight.shape
    count, rows, columns, _ = images.shape
    top, left = (high // 2, wide // 2) if same else (0, 0)
    shape = (rows, columns) if same else (rows - high + 1, columns - wide + 1)
    found = np.zeros((count, *shape, out), np.int64)
    for row, column in np.ndindex(*shape):
        for i, j in np.ndindex(high, wide):
            r, c = row - top + i, column - left + j
            if 0 <= r < rows and 0 <= c < columns:
                found[:, row, column] += images[:, r, c] @ weight[i, j]
    return found


def largest_of_windows(images: np.ndarray, side: int) -> np.ndarray:
    """Max pooling; what does not fill a window at the far edges is dropped."""
    count, rows, columns, channels = images.shape
    high, wide = min(side, rows), min(side, columns)
    found = np.zeros((count, rows // high, columns // wide, channels), np.int64)
    for row, column in np.ndindex(*found.shape[1:3]):
        window = images[:, row * high : (row + 1) * high, column * wide : (column + 1) * wide]
        found[:, row, column] = window.max((1, 2))
    return found
