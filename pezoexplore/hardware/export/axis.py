"""A top of a stream with the port names of AXI4-Stream, as vendor tools connect by name."""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.build import TOP, ports_of

AXIS_TOP = "pezo_axis"


def axis_top(point: DesignPoint) -> str:
    """Return the Verilog of ``pezo_axis``: ``pezo_top`` under names of AXI4-Stream.

    Data are padded with zeros to whole bytes (AMBA 4 AXI4-Stream, IHI 0051, section 2.5); the scale
    exponent is ``tuser``.

    Args:
        point: A hardware point.
    """
    bits = {name: width for _, name, width in ports_of(point)}
    data, load = bits["out_data"], bits.get("load_data", 0)
    ports = ["input wire aclk", "input wire aresetn", "input wire start", "input wire replay"]
    pins = {"clk": "aclk", "rst": "!aresetn", "start": "start", "replay": "replay"}
    lines = []
    if load:
        ports += [
            "input wire reseed",
            f"input wire [{whole_bytes(load) - 1}:0] s_axis_tdata",
            "input wire s_axis_tvalid",
            "output wire s_axis_tready",
        ]
        pins |= {
            "reseed": "reseed",
            "load_valid": "s_axis_tvalid",
            "load_ready": "s_axis_tready",
            "load_data": f"s_axis_tdata[{load - 1}:0]",
        }
        if whole_bytes(load) > load:
            lines.append(
                f"    wire unused = &{{1'b0, s_axis_tdata[{whole_bytes(load) - 1}:{load}]}};"
            )
    ports += [
        f"output wire [{whole_bytes(data) - 1}:0] m_axis_tdata",
        "output wire m_axis_tvalid",
        "input wire m_axis_tready",
    ]
    pins |= {
        "out_valid": "m_axis_tvalid",
        "out_ready": "m_axis_tready",
        "out_data": f"m_axis_tdata[{data - 1}:0]",
    }
    if whole_bytes(data) > data:
        pad = whole_bytes(data) - data
        lines.append(f"    assign m_axis_tdata[{whole_bytes(data) - 1}:{data}] = {pad}'b0;")
    if "out_exponent" in bits:
        ports.append(f"output wire [{bits['out_exponent'] - 1}:0] m_axis_tuser")
        pins["out_exponent"] = "m_axis_tuser"
    return "\n".join(
        [
            f"// {point.label()} with the ports of AXI4-Stream: made from the design point.",
            "`resetall",
            "`timescale 1ns/1ps",
            "`default_nettype none",
            f"module {AXIS_TOP} (",
            ",\n".join(f"    {port}" for port in ports),
            ");",
            f"    {TOP} u_top (",
            ",\n".join(f"        .{pin}({net})" for pin, net in pins.items()),
            "    );",
            *lines,
            "endmodule",
            "`resetall",
            "",
        ]
    )


def whole_bytes(bits: int) -> int:
    """Round a number of bits up to whole bytes."""
    return -(-bits // 8) * 8
