"""Every generator there is: what it is, where it comes from, what it costs in bits, what is weak.

The one place for these facts. ``pezoexplore list rng`` prints it, ``docs/generators.md`` is made
from it, and the RTL of a design takes its files from it. Widths are those of the words.
"""

from __future__ import annotations

from dataclasses import dataclass

_GAUSSIAN_RTL = ("gaussian_source_table.vh", "lut6.v")
_GAUSSIAN_SOURCE = "State: LUT-OPT matrix, Thomas and Luk, J. VLSI Signal Processing 47, 2007."


@dataclass(frozen=True)
class Entry:
    """One generator.

    Attributes:
        name: Value of the axis ``rng``.
        what: What it is, in a line.
        source: Where it was published.
        numbers: Distribution of its words.
        widths: Narrowest and widest word, bits; None for floats.
        state_bits: Bits of one generator's state.
        period: Clocks until a generator repeats.
        fresh_bits: New bits that a generator makes a clock, at most.
        serves: Lanes that one generator serves a clock with reuse ``none``.
        weaknesses: What is known to be wrong with its numbers.
        rtl: Files of rtl/ beside ``generator.v``; none for software.
    """

    name: str
    what: str
    source: str
    numbers: str
    widths: tuple[int, int] | None
    state_bits: str
    period: str
    fresh_bits: str
    serves: str
    weaknesses: str
    rtl: tuple[str, ...]

    @property
    def bit_widths(self) -> str:
        """Its widths in words."""
        if self.widths is None:
            return "float32"
        low, high = self.widths
        return str(low) if low == high else f"{low} to {high}"


CATALOGUE: tuple[Entry, ...] = (
    Entry(
        name="lfsr",
        what="Galois linear-feedback shift register, the top bits of its state.",
        source="S. Golomb, Shift Register Sequences, 1967; taps: AMD XAPP052 and our own search.",
        numbers="uniform",
        widths=(1, 24),
        state_bits="3 to 32",
        period="2^state_bits - 1",
        fresh_bits="leap",
        serves="1",
        weaknesses=(
            "With a leap of 1 successive words share all but one bit (lag-1 correlation 0.38 at 8 "
            "bits, 0.03 at 12). Linear: any state_bits + 1 bits in a row of one position have a "
            "fixed XOR. Short states repeat within a training step."
        ),
        rtl=("uniform_word.v", "lfsr.v", "lfsr_taps.vh"),
    ),
    Entry(
        name="xorshift32",
        what="Marsaglia's xorshift (13, 17, 5), the top bits of its state.",
        source="G. Marsaglia, Xorshift RNGs, J. Statistical Software 8(14), 2003.",
        numbers="uniform",
        widths=(1, 24),
        state_bits="32",
        period="2^32 - 1",
        fresh_bits="32",
        serves="1",
        weaknesses=(
            "Linear, so it fails rank and linear-complexity tests; states with few ones are "
            "followed by several with few ones (Panneton and L'Ecuyer, ACM TOMACS 15(4), 2005)."
        ),
        rtl=("uniform_word.v", "xorshift32.v"),
    ),
    Entry(
        name="rademacher",
        what="Signs: the top bit of a 32-bit lfsr.",
        source="S. Golomb, Shift Register Sequences, 1967; taps 32, 22, 2, 1 of AMD XAPP052.",
        numbers="signs",
        widths=(1, 1),
        state_bits="32",
        period="2^32 - 1",
        fresh_bits="1",
        serves="1",
        weaknesses=(
            "Linear of degree 32: the product of the signs at the taps' distances is constant, so "
            "correlations of three and more signs exist where those of two vanish."
        ),
        rtl=("uniform_word.v", "rademacher.v"),
    ),
    Entry(
        name="clt",
        what="Gaussian: the sum of 15 bits, a uniform number and a triangular one.",
        source=f"Central limit theorem; our own table. {_GAUSSIAN_SOURCE}",
        numbers="normal",
        widths=(4, 12),
        state_bits="33",
        period="2^33 - 1",
        fresh_bits="33",
        serves="1",
        weaknesses=(
            "Light tails: kurtosis 2.88, no word beyond 4 sigma. KL divergence 5.3e-4 bits at 8 "
            "bits. The state is linear."
        ),
        rtl=("clt.v", "clt_table.vh", *_GAUSSIAN_RTL),
    ),
    Entry(
        name="treegrng",
        what="Gaussian: sign and magnitude bits, each a biased decision given those above.",
        source=f"TreeGRNG, KU Leuven; our own tree. {_GAUSSIAN_SOURCE}",
        numbers="normal",
        widths=(4, 12),
        state_bits="33",
        period="2^33 - 1",
        fresh_bits="33",
        serves="1",
        weaknesses=(
            "Probabilities of decisions are rounded to 1/64; no word beyond 4 sigma. KL divergence "
            "1.95e-4 bits at 8 bits. The state is linear."
        ),
        rtl=("treegrng.v", "treegrng_table.vh", *_GAUSSIAN_RTL),
    ),
    Entry(
        name="box_muller",
        what="Gaussian: sqrt(-2 ln u) cos(2 pi v) from 64 radii and eight angles a quadrant.",
        source=f"G. Box and M. Muller, Annals of Math. Stat. 29(2), 1958. {_GAUSSIAN_SOURCE}",
        numbers="normal",
        widths=(4, 12),
        state_bits="33",
        period="2^33 - 1",
        fresh_bits="33",
        serves="1",
        weaknesses=(
            "Few radii: no word beyond 3.5 sigma, and the tail is a few values smeared out by a "
            "uniform number. The state is linear."
        ),
        rtl=("box_muller.v", "box_muller_table.vh", *_GAUSSIAN_RTL),
    ),
    Entry(
        name="xoshiro128pp",
        what="xoshiro128++: a linear state of four words, two adders and a rotation as output.",
        source="D. Blackman and S. Vigna, ACM TOMS 47(4), 2021.",
        numbers="uniform",
        widths=(1, 24),
        state_bits="128",
        period="2^128 - 1",
        fresh_bits="32",
        serves="32 / bit_width",
        weaknesses=(
            "None known in the 32 output bits. Generators start at random states: those of 31 "
            "lanes of 8 bits overlap within 2^32 beats with a chance of about 2^-90."
        ),
        rtl=("xoshiro128pp.v",),
    ),
    Entry(
        name="ca",
        what="Cellular automaton of rules 90 and 150 on 32 cells, a word of every fourth cell.",
        source=(
            "P. Hortensius et al., IEEE Trans. CAD 8(8), 1989; K. Cattell and J. Muzio, JETTA 6, "
            "1995; rules: our own search."
        ),
        numbers="uniform",
        widths=(1, 24),
        state_bits="32",
        period="2^32 - 1",
        fresh_bits="32",
        serves="1",
        weaknesses=(
            "Linear: a cell is the XOR of its neighbours a clock before, so words of more than 16 "
            "bits, which hold both, have a fixed XOR with the next word; the end cell repeats its "
            "only neighbour, which words of more than 8 bits hold. Sparse states stay sparse for "
            "some clocks."
        ),
        rtl=("ca.v",),
    ),
    Entry(
        name="trivium",
        what="The stream cipher Trivium, as many updates a clock as there are output bits.",
        source=(
            "C. De Cannière and B. Preneel, LNCS 4986, 2008; ISO/IEC 29192-3; eSTREAM portfolio."
        ),
        numbers="uniform",
        widths=(1, 24),
        state_bits="288",
        period="not known; 2^64 bits allowed a key",
        fresh_bits="up to 64",
        serves="64 / bit_width",
        weaknesses=(
            "None known in its statistics. Its period cannot be stated, as for any non-linear "
            "state; keys are drawn at random and the host makes the first 1,152 updates."
        ),
        rtl=("trivium.v",),
    ),
    Entry(
        name="ternary",
        what="-1, 0, 0 or +1 alike: two bits of a 32-bit lfsr that makes two updates a clock.",
        source=(
            "D. Achlioptas, J. Computer and System Sciences 66(4), 2003, for the numbers; S. "
            "Golomb, 1967, for the register."
        ),
        numbers="ternary",
        widths=(2, 2),
        state_bits="32",
        period="2^32 - 1",
        fresh_bits="2",
        serves="1",
        weaknesses=(
            "Half of the weights stay where they are in a step. Linear of degree 32, as rademacher."
        ),
        rtl=("ternary.v",),
    ),
    Entry(
        name="icdf",
        what="Gaussian: inversion of the normal distribution, linear in 64 sections.",
        source=f"D. Lee, R. Cheung, J. Villasenor and W. Luk, FPT 2006. {_GAUSSIAN_SOURCE}",
        numbers="normal",
        widths=(4, 12),
        state_bits="33",
        period="2^33 - 1",
        fresh_bits="33",
        serves="1",
        weaknesses=(
            "The density has 64 steps; no word beyond 4 sigma. KL divergence 3.5e-4 bits at 8 "
            "bits. The state is linear."
        ),
        rtl=("icdf.v", "icdf_table.vh", *_GAUSSIAN_RTL),
    ),
    Entry(
        name="table_hadamard",
        what="Gaussian: four sums and differences of four small tables, for four lanes.",
        source=f"D. Thomas, ACM TRETS 8(4), 2015; our own tables. {_GAUSSIAN_SOURCE}",
        numbers="normal",
        widths=(4, 12),
        state_bits="33",
        period="2^33 - 1",
        fresh_bits="33",
        serves="4",
        weaknesses=(
            "Four lanes are uncorrelated but not independent: their sum is four times a table "
            "entry, of which there are 64, and all four together take 2^22 values; no word beyond "
            "4 sigma. KL divergence 5.8e-5 bits at 8 bits. The state is "
            "linear."
        ),
        rtl=("table_hadamard.v", "table_hadamard_table.vh", *_GAUSSIAN_RTL),
    ),
    Entry(
        name="lut_opt",
        what="LUT-OPT: a sparse linear map of 48 bits, each fresh every clock and one LUT.",
        source="D. Thomas and W. Luk, J. VLSI Signal Processing 47, 2007; matrix: our own search.",
        numbers="uniform",
        widths=(1, 24),
        state_bits="48",
        period="2^48 - 1",
        fresh_bits="48",
        serves="48 / bit_width",
        weaknesses=(
            "Linear and sparse: every bit is the XOR of three or four bits of the clock before, in "
            "lanes of the same generator."
        ),
        rtl=("lut_opt.v", "lut_opt_table.vh"),
    ),
    Entry(
        name="sobol",
        what="Sobol numbers: a low-discrepancy sequence, one dimension a lane, randomly shifted.",
        source=(
            "I. Antonov and V. Saleev, USSR Comp. Math. 19(1), 1979; direction numbers of S. Joe "
            "and F. Kuo, SIAM J. Sci. Comput. 30(5), 2008, as in SciPy."
        ),
        numbers="uniform",
        widths=(1, 24),
        state_bits="32 + bit_width a lane",
        period="2^32",
        fresh_bits="1",
        serves="all",
        weaknesses=(
            "Not random: successive points are far apart on purpose (every other one differs by "
            "half the range, so lag-1 correlation is strongly negative), and pairs of lanes of "
            "high dimension fill the square unevenly for many points."
        ),
        rtl=("sobol.v", "sobol_table.vh"),
    ),
    Entry(
        name="lut_sr",
        what="LUT-SR: 32 fresh bits a clock, the state in shift registers made of LUTs.",
        source=(
            "D. Thomas and W. Luk, IEEE Trans. VLSI Systems 21(4), 2013; connections: our own "
            "search."
        ),
        numbers="uniform",
        widths=(1, 24),
        state_bits="521",
        period="2^521 - 1",
        fresh_bits="32",
        serves="32 / bit_width",
        weaknesses=(
            "Linear and sparse: every bit is the XOR of three or four bits of the words 16 and 17 "
            "clocks before. Starts from one of 2^32 - 1 words. Shift registers cannot be loaded at "
            "once: 17 clocks without a beat after rst or the loads of a reseed, and up to 15 after "
            "a start that follows the last start or replay by fewer than 16 beats."
        ),
        rtl=("lut_sr.v", "lut_sr_table.vh"),
    ),
    Entry(
        name="gaussian",
        what="MeZO's reference: float Gaussian numbers, software only.",
        source="Philox 4x64-10, Salmon et al., SC 2011, as in NumPy; ziggurat of NumPy.",
        numbers="normal",
        widths=None,
        state_bits="256",
        period="2^256",
        fresh_bits="32",
        serves="1",
        weaknesses="None known. It has no hardware.",
        rtl=(),
    ),
)
"""All generators, in the order of the axis ``rng``."""

FACTS = {
    "what": "what it is",
    "numbers": "distribution",
    "bit_widths": "word bits",
    "state_bits": "state bits",
    "period": "period (clocks)",
    "fresh_bits": "fresh bits a clock",
    "serves": "lanes a generator",
    "source": "source",
    "weaknesses": "known weaknesses",
}
"""The facts of an entry and how each is called, in the order they are shown."""


def entry(name: str) -> Entry:
    """The entry of a generator."""
    return _BY_NAME[name]


def facts(item: Entry) -> dict[str, str]:
    """What is known about a generator, by the keys of ``FACTS``."""
    return {key: str(getattr(item, key)) for key in FACTS}


def page() -> str:
    """`docs/generators.md`: a table of the figures, then a section a generator."""
    columns = [key for key in FACTS if key not in ("what", "source", "weaknesses")]
    head = ["rng", *(FACTS[key] for key in columns)]
    lines = ["# Generators", _INTRODUCTION, "", _row(head), _row(["---"] * len(head))]
    for item in CATALOGUE:
        known = facts(item)
        lines.append(_row([f"`{item.name}`", *(known[key] for key in columns)]))
    for item in CATALOGUE:
        lines += ["", f"## {item.name}", "", item.what, "", f"- Source: {item.source}"]
        lines += [f"- Known weaknesses: {item.weaknesses}"]
        if item.rtl:
            lines += [f"- RTL: {', '.join(f'`{name}`' for name in item.rtl)}"]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


_INTRODUCTION = """
Made by `docs/make_reference.py` from `pezoexplore/streams/catalogue.py`, as is
`pezoexplore list rng`. `reuse: none` and `reuse: pool` take every generator, `bank` and `phased`
the lfsr alone. Compare costs by fresh bits a clock: a register that shifts by one bit makes one new
bit, however many of its bits are read."""

_BY_NAME = {item.name: item for item in CATALOGUE}
