"""Sentences that justify a recommended design, and name what is extrapolated about it."""

from __future__ import annotations

from dataclasses import dataclass

from pezoexplore.analysis.differences import Difference, corrected
from pezoexplore.analysis.recommend import COUNTED, MET, RESOURCES, Advice, Option, span_share
from pezoexplore.analysis.size.scaling_law import scaling_law
from pezoexplore.analysis.standing import NARROW
from pezoexplore.intervals import POINTS, in_words
from pezoexplore.streams.norm import NormError, gaussian_spread, norm_error
from pezoexplore.streams.stream import Stream

FULL_SHARE = 0.9995
"""Share of the dimensions from which on it is called all of them."""


@dataclass(frozen=True)
class Figures:
    """Figures of a recommended design beyond its results.

    Attributes:
        norm: Mean and spread of the lengths of its directions.
        fresh_bits: Bits per clock that cannot be derived from earlier words.
        output_bits: Bits delivered per clock.
    """

    norm: NormError
    fresh_bits: float
    output_bits: int


def figures_of(option: Option, advice: Advice) -> Figures:
    """Return the figures of a design for a model of the requested size."""
    parameters = advice.limits.parameters
    stream = Stream(option.point)
    return Figures(
        norm=norm_error(stream, parameters),
        fresh_bits=stream.strategy.fresh_bits(parameters),
        output_bits=option.point.lanes * option.point.bits,
    )


def cost_words(option: Option) -> str:
    """Return the cost of a design as ``106 LUTs, 32 flip-flops``, without resources at zero."""
    nouns = dict(zip(RESOURCES, ("LUTs", "flip-flops", "block RAMs", "DSPs"), strict=True))
    parts = [
        f"{_amount(amount)} {nouns[name]}" for name, amount in option.cost.items() if amount or
        name == "lut"
    ]  # fmt: skip
    text = ", ".join(parts)
    return f"about {text}" if option.interpolated else text


def drop_words(drop: Difference) -> str:
    """Return a drop in accuracy with its 95 % interval, in percentage points."""
    if drop.half is None:
        return f"{drop.mean:+.2f} points (one seed)"
    interval = in_words(drop.mean, drop.half, POINTS, sign="+")
    return f"{interval} points ({drop.seeds} paired seeds)"


def reasons(option: Option, advice: Advice, figures: Figures) -> list[str]:
    """Return the reasons for a design, one sentence per item."""
    return [
        _accuracy(option, advice),
        _corrected(option, advice),
        _span(option, advice),
        _norm(figures, option.point.scaling),
        _bits(option, figures),
    ]


def carried_over(option: Option, advice: Advice) -> list[str]:
    """Return what is extrapolated about a design, one sentence per item; empty if nothing is."""
    limits, measured = advice.limits, advice.measured_parameters
    sentences = []
    if limits.parameters != measured:
        sentences.append(
            f"accuracy: trained at {measured:,} weights, not at {limits.parameters:,}; carried "
            f"over because {_carried_by(option, advice)}; how many steps a model of that size "
            "needs is not known from this"
        )
    if option.interpolated:
        low, high = option.at_lanes
        error = advice.line_errors.get(option.place)
        checked = "which nothing here lets check" if error is None else (
            f"off by up to {100 * error:.0f} % where these results let it be checked"
        )  # fmt: skip
        sentences.append(
            f"resources: on a line {option.place} {low} and {high} lanes ({checked}), not "
            f"synthesised at {option.point.lanes}; accuracy: the worse of those two"
        )
    return sentences


def _carried_by(option: Option, advice: Advice) -> str:
    """Return what carries the accuracy over to another size: the scaling law, or the share."""
    if option.span < advice.needed:
        return "its updates reach no smaller a share of the dimensions there"
    found = scaling_law()
    low, high = (f"{size:,}" for size in found.parameters)
    fewest, most = (f"{steps:,}" for steps in found.steps)
    times = found.extrapolates(advice.limits.parameters)
    beyond = f", {times:.3g} times fewer" if times > 1 else ""
    data = " and ".join(found.data)
    return (
        f"its updates reach {_counted(option.span)} dimensions, and a scaling law fitted to "
        f"networks of {low} to {high} weights{beyond}, in {fewest} to {most} steps on {data}, asks "
        f"for {advice.needed:,.0f} there; data that are harder to learn may want more "
        "(docs/scale.md)"
    )


def _counted(span: int) -> str:
    return f"{span:,} or more" if span == COUNTED else f"{span:,}"


def _accuracy(option: Option, advice: Advice) -> str:
    limit, drop = advice.limits.drop, option.drop
    against = f"accuracy drop against {advice.baseline}: {drop_words(drop)}"
    if drop.half is None:
        return against
    most = drop.mean + drop.half
    if most <= limit:
        return f"{against}, so at most {most:.2f} of the {limit:g} allowed"
    return f"{against}: may or may not be within the {limit:g} allowed"


def _corrected(option: Option, advice: Advice) -> str:
    """Say what is left of the accuracy when the choice among many is allowed for."""
    limit, picked_from = advice.limits.drop, advice.considered
    wide = corrected(option.drop, picked_from)
    if wide.half is None:
        return "corrected for the choice among designs: not known from one seed"
    sure = option.verdict(limit, picked_from) == MET
    interval = in_words(wide.mean, wide.half, POINTS, sign="+")
    return (
        f"corrected for having been picked from {picked_from:,} (Bonferroni): {interval} points, "
        f"{'still within' if sure else 'not sure to keep within'} the {limit:g} allowed"
    )


def _span(option: Option, advice: Advice) -> str:
    parameters, steps = advice.limits.parameters, advice.limits.steps
    share = option.share
    if share is None:
        share = span_share(option.point, parameters, steps)
    most = min(parameters, COUNTED, steps or COUNTED)
    what = (
        f"all {most:,} dimensions"
        if share >= FULL_SHARE
        else f"{100 * share:.1f} % of {most:,} dimensions"
    )
    if most == steps:
        what += " that so many steps can reach"
    elif most < parameters:
        what += f" (counted no further; it has {parameters:,})"
    if share < NARROW:
        what += ", far from all: directions repeat or weights move together"
    return f"effective span: its updates reach {what}"


def _norm(figures: Figures, scaling: str) -> str:
    norm = figures.norm
    spread = f"directions vary in length by {100 * norm.spread:.2f} % from step to step"
    gaussian = f"Gaussian ones by {100 * gaussian_spread(norm.weights):.2f} %"
    if scaling == "none":
        return f"norm error: {spread} ({gaussian}); their mean is left to the learning rate"
    off = 100 * (norm.mean - 1)
    ideal = "and are of the ideal length on average" if abs(off) < 0.005 else (
        f"and are {off:+.2f} % off the ideal on average"
    )  # fmt: skip
    return f"norm error: {spread} ({gaussian}), {ideal}"


def _bits(option: Option, figures: Figures) -> str:
    cost, output, fresh = option.lut_equivalents, figures.output_bits, figures.fresh_bits
    each = f"{cost / output:.2f} LUT equivalents for each of {output} bits per clock"
    if not fresh:
        return f"cost: {each}; none of them is fresh: the words are stored"
    bits = "1 of them is" if fresh == 1 else f"{fresh:.3g} of them are"
    return f"cost: {each}; {bits} fresh, at {cost / fresh:.3g} LUT equivalents a fresh bit"


def _amount(amount: float) -> str:
    return f"{amount:,.0f}" if float(amount).is_integer() else f"{amount:,.1f}"
