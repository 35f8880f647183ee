// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_round: round, then saturate, as their definitions say, without the trick of
// the one fraction bit more.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_round_properties #(
    parameter IN_BITS = 12,    // 2 to 64
    parameter SHIFT_BITS = 4,  // 1 to 6
    parameter LARGEST = 11,    // 1 to 2**SHIFT_BITS - 1
    parameter OUT_BITS = 6,    // 2 to IN_BITS
    parameter STOCHASTIC = 0,  // 0 or 1
    parameter NOISE_BITS = 4   // 1 to 64
) (
    input wire signed [IN_BITS-1:0]  value,
    input wire [SHIFT_BITS-1:0]      shift,
    input wire [NOISE_BITS-1:0]      noise
);

    localparam WIDE = IN_BITS + LARGEST + NOISE_BITS + 4;  // nothing below overflows
    localparam signed [WIDE-1:0] TOP = (1 << (OUT_BITS - 1)) - 1;
    localparam signed [WIDE-1:0] BOTTOM = -(1 << (OUT_BITS - 1));

    wire signed [OUT_BITS-1:0] rounded;

    perturb_round #(
        .IN_BITS(IN_BITS), .SHIFT_BITS(SHIFT_BITS), .LARGEST(LARGEST), .OUT_BITS(OUT_BITS),
        .STOCHASTIC(STOCHASTIC), .NOISE_BITS(NOISE_BITS)
    ) dut (
        .value(value), .shift(shift), .noise(noise), .rounded(rounded));

    wire signed [WIDE-1:0] wide = value;
    wire signed [WIDE-1:0] one = 1;
    wire signed [WIDE-1:0] unit = one << shift;
    wire signed [WIDE-1:0] magnitude = wide < 0 ? -wide : wide;
    // To nearest: the magnitude and half a unit, whole units of it, and the sign again.
    wire signed [WIDE-1:0] units = ((magnitude << 1) + unit) >>> ({1'b0, shift} + 1'b1);
    wire signed [WIDE-1:0] nearest = wide < 0 ? -units : units;
    // At random: the floor of value / unit + noise / 2**NOISE_BITS, the noise cut to whole parts
    // of the value, of which there are `unit`.
    wire signed [WIDE-1:0] unsigned_noise = {1'b0, noise};
    wire signed [WIDE-1:0] parts = (unsigned_noise << shift) >>> NOISE_BITS;
    wire signed [WIDE-1:0] random = (wide + parts) >>> shift;
    wire signed [WIDE-1:0] exact = STOCHASTIC != 0 ? random : nearest;
    wire signed [WIDE-1:0] clamped = exact > TOP ? TOP : exact < BOTTOM ? BOTTOM : exact;
    wire signed [WIDE-1:0] result = rounded;

    always @* begin
        assume (shift <= LARGEST);
        if (exact <= TOP && exact >= BOTTOM)
            rounding: assert (result == exact);
        else
            saturation: assert (result == clamped);
    end

endmodule

`resetall
