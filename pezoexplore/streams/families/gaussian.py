"""MeZO's reference: normal numbers in software, of single precision."""

from __future__ import annotations

from pezoexplore.streams.generators.family import Family


class Gaussian(Family):
    """Fresh normal numbers, without hardware."""

    what = "MeZO's reference: float Gaussian numbers, software only."
    source = "Philox 4x64-10, Salmon et al., SC 2011, as in NumPy; ziggurat of NumPy."
    weaknesses = "None known. It has no hardware."
    numbers = "normal"
    widths = None
    in_hardware = False
    scaled = False
    colour = "#000000"
    small = ()
    grid = ()

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {
            "bit_widths": "float32",
            "state_bits": "256",
            "period": "2^256",
            "fresh_bits": "32",
        }
