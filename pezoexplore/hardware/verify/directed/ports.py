"""Directed cases of axil_port and axis_slice: every valid and every ready at random."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pezoexplore.hardware.verify.directed.case import Case, Outputs

_CLOCKS = 6000


@dataclass
class _Way:
    """Writes or reads of axil_port: requests held, then the response.

    Attributes:
        held: What is held of each channel of the request; None: nothing.
        response: What is held of the response.
    """

    held: list[int | None]
    response: int | None = None

    @property
    def acts(self) -> bool:
        """Whether the registers are asked in this clock."""
        return None not in self.held and self.response is None

    def clock(self, rst: int, offered: Sequence[int | None], answer: int, taken: int) -> None:
        """Go on by one clock.

        Args:
            rst: Whether everything is forgotten.
            offered: What is offered in each channel of the request; None: nothing.
            answer: What the registers answer.
            taken: Whether the response is taken.
        """
        acts = self.acts
        if rst:
            self.held, self.response = [None] * len(self.held), None
            return
        for channel, word in enumerate(offered):
            if self.held[channel] is None:
                self.held[channel] = word
            elif acts:
                self.held[channel] = None
        if acts:
            self.response = answer
        elif taken:
            self.response = None


def axil_port(address_bits: int) -> Case:
    """Return a case of axil_port.

    Args:
        address_bits: Bits of an address.
    """
    draw = random.Random(address_bits)
    writes, reads = _Way([None, None]), _Way([None])
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    widths = {"s_axil_awaddr": address_bits, "s_axil_wdata": 32, "s_axil_wstrb": 4}
    widths |= {"s_axil_araddr": address_bits, "read_data": 32, "write_error": 1, "read_error": 1}
    ports = ("awvalid", "wvalid", "arvalid", "bready", "rready")
    for clock in range(_CLOCKS):
        given = {name: draw.getrandbits(bits) for name, bits in widths.items()}
        given |= {f"s_axil_{name}": int(draw.random() < 0.6) for name in ports}
        given["rst"] = int(clock < 2 or draw.random() < 0.02)
        script.append(given)
        expected.append(_shown(given["rst"], writes, reads) if clock > 1 else {})
        data = given["s_axil_wdata"] | given["s_axil_wstrb"] << 32
        address = given["s_axil_awaddr"] if given["s_axil_awvalid"] else None
        offered = [address, data if given["s_axil_wvalid"] else None]
        writes.clock(given["rst"], offered, given["write_error"], given["s_axil_bready"])
        asked = [given["s_axil_araddr"] if given["s_axil_arvalid"] else None]
        read = given["read_error"] << 32 | given["read_data"]
        reads.clock(given["rst"], asked, read, given["s_axil_rready"])
    inputs = {"rst": 1, **dict.fromkeys((f"s_axil_{name}" for name in ports), 1), **widths}
    single = ("awready", "wready", "bvalid", "arready", "rvalid")
    outputs = dict.fromkeys((f"s_axil_{name}" for name in single), 1)
    outputs |= {"s_axil_bresp": 2, "s_axil_rresp": 2, "s_axil_rdata": 32, "write": 1, "read": 1}
    outputs |= {"write_address": address_bits, "write_data": 32, "write_strobe": 4}
    outputs["read_address"] = address_bits
    parameters = {"ADDRESS_BITS": address_bits}
    return Case("axil_port", parameters, inputs, outputs, script, expected)


def _shown(rst: int, writes: _Way, reads: _Way) -> Outputs:
    """Return the outputs of axil_port; what goes with a signal is told while that is high."""
    address, data = writes.held
    (asked,) = reads.held
    shown: dict[str, int | None] = {
        "s_axil_awready": int(address is None and not rst),
        "s_axil_wready": int(data is None and not rst),
        "s_axil_arready": int(asked is None and not rst),
        "s_axil_bvalid": int(writes.response is not None),
        "s_axil_rvalid": int(reads.response is not None),
        "write": int(writes.acts),
        "read": int(reads.acts),
    }
    if writes.acts and data is not None:
        shown |= {"write_address": address, "write_data": data % (1 << 32)}
        shown["write_strobe"] = data >> 32
    if reads.acts:
        shown["read_address"] = asked
    if writes.response is not None:
        shown["s_axil_bresp"] = 2 * writes.response
    if reads.response is not None:
        shown["s_axil_rresp"] = reads.response >> 32 << 1
        shown["s_axil_rdata"] = reads.response % (1 << 32)
    return shown


def axis_slice(bits: int) -> Case:
    """Return a case of axis_slice.

    Args:
        bits: Bits of a beat.
    """
    draw = random.Random(bits)
    beats: list[int] = []
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    busy = 0.5
    for clock in range(3000):
        if clock % 50 == 0:
            busy = draw.choice((0.2, 0.5, 0.8, 1.0))
        given = {
            "rst": int(clock < 2 or draw.random() < 0.02),
            "in_valid": int(draw.random() < 0.7),
            "in_data": draw.getrandbits(bits),
            "out_ready": int(draw.random() < busy),
        }
        script.append(given)
        shown = {"in_ready": int(len(beats) < 2), "out_valid": int(len(beats) > 0)}
        expected.append({**shown, "out_data": beats[0] if beats else None} if clock > 1 else {})
        enters = given["in_valid"] and len(beats) < 2
        beats = beats[1 if given["out_ready"] else 0 :] + [given["in_data"]] * bool(enters)
        if given["rst"]:
            beats = []
    inputs = {"rst": 1, "in_valid": 1, "in_data": bits, "out_ready": 1}
    outputs = {"in_ready": 1, "out_valid": 1, "out_data": bits}
    return Case("axis_slice", {"BITS": bits}, inputs, outputs, script, expected)
