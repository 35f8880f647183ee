"""`none` with a generator whose state lies in shift registers, which cannot be read or loaded."""

from __future__ import annotations

from pezoexplore.streams.families import lut_sr
from pezoexplore.streams.seeding import drawn_limbs
from pezoexplore.streams.strategies.none import PerGroup
from pezoexplore.streams.strategy import StreamRtl, epoch_array


class ShiftRegister(PerGroup):
    """Generators that expand one word into the states of their shift registers."""

    module = "stream_lut_sr"
    lockup_shown = "no more than 34 beats"

    def registers(self, epoch: int, beat: int) -> list[int]:
        """Return the word that each state of an epoch is expanded from, whatever the beat."""
        limbs = drawn_limbs(self.seed, epoch_array(epoch), self.point.generators, 1)[0]
        return [int(seed) for seed in lut_sr.seeds(limbs)]

    @property
    def reseed_stall(self) -> int:
        """See :attr:`Strategy.reseed_stall`."""
        return super().reseed_stall + lut_sr.EXPANSION_CLOCKS if self.point.reseeds else 0

    @property
    def reset_stall(self) -> int:
        """See :attr:`Strategy.reset_stall`."""
        return lut_sr.EXPANSION_CLOCKS

    @property
    def fill_clocks_with_reseed(self) -> int:
        """See :attr:`Strategy.fill_clocks_with_reseed`; all of the expansion."""
        return lut_sr.EXPANSION_CLOCKS

    def start_stall(self, age: int) -> int:
        """Implement :meth:`Strategy.start_stall`: what is kept must have left the registers."""
        return age if age < lut_sr.DELAY else 0

    def kept_registers(self, beat: int) -> dict[str, int]:
        """Return nothing: shift registers are not set at once."""
        return {}

    @property
    def files(self) -> tuple[str, ...]:
        """See :attr:`Strategy.files`."""
        return (f"{self.module}.v", *self.point.family.rtl)

    @property
    def generator_parameters(self) -> dict[str, int | str]:
        """See :attr:`Strategy.generator_parameters`; the module holds the one kind."""
        return dict(self._group)

    def rtl(self) -> StreamRtl:
        """Implement :meth:`Strategy.rtl`."""
        rtl = super().rtl()
        del rtl.parameters["LEAP"]
        return rtl
