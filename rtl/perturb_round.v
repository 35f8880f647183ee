// SPDX-License-Identifier: Apache-2.0
//
// rounded = saturate(round(value / 2**shift)): the `round` of pezoexplore.train.fixed_point.
//
// To nearest, halves away from zero; or at random: noise / 2**NOISE_BITS is added before the
// fraction is dropped. One fraction bit more than the value has distinguishes halves: with it
// 2 value + 1 - negative plus 2**shift - 1, shifted by shift + 1, is the nearest. Combinational.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_round #(
    parameter IN_BITS = 32,    // 2 to 64
    parameter SHIFT_BITS = 5,  // 1 to 6, bits of the shift
    parameter LARGEST = 31,    // 1 to 2**SHIFT_BITS - 1, largest shift
    parameter OUT_BITS = 17,   // 2 to IN_BITS
    parameter STOCHASTIC = 0,  // 0 or 1
    parameter NOISE_BITS = 8   // 1 to 64
) (
    input  wire signed [IN_BITS-1:0]  value,
    input  wire [SHIFT_BITS-1:0]      shift,
    input  wire [NOISE_BITS-1:0]      noise,
    output wire signed [OUT_BITS-1:0] rounded
);

    localparam SUM_BITS = ((IN_BITS > LARGEST) ? IN_BITS : LARGEST) + 3;

    wire negative = value[IN_BITS-1];
    wire [LARGEST:0] added;  // below 2**(shift + 1)
    wire below;              // the one fraction bit of the value

    generate
        if (STOCHASTIC != 0) begin : gen_random
            // The top `shift` bits of the noise, zeros behind it where it has fewer.
            wire [LARGEST+NOISE_BITS-1:0] spread =
                {{LARGEST{1'b0}}, noise} << shift;
            assign added = {spread[LARGEST+NOISE_BITS-1:NOISE_BITS], 1'b0};
            assign below = 1'b0;
            wire unused = &{1'b0, spread[NOISE_BITS-1:0]};
        end else begin : gen_nearest
            wire [LARGEST:0] one = 1;
            assign added = (one << shift) - one;
            assign below = !negative;
            wire unused = &{1'b0, noise};
        end
    endgenerate

    wire signed [SUM_BITS-1:0] doubled =
        {{(SUM_BITS-IN_BITS-1){negative}}, value, below};
    wire signed [SUM_BITS-1:0] addend = {{(SUM_BITS-LARGEST-1){1'b0}}, added};
    wire signed [SUM_BITS-1:0] sum = doubled + addend;
    wire signed [SUM_BITS-1:0] shifted = sum >>> shift;
    wire unused_bit = shifted[0];

    // Held within the rails of OUT_BITS.
    wire sign = shifted[SUM_BITS-1];
    wire fits = shifted[SUM_BITS-1:OUT_BITS] == {(SUM_BITS-OUT_BITS){sign}};

    assign rounded = fits ? shifted[OUT_BITS:1] : {sign, {(OUT_BITS-1){!sign}}};

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (IN_BITS < 2 || IN_BITS > 64) begin : gen_bad_in_bits
            perturb_round_IN_BITS_must_be_2_to_64 u_error ();
        end
        if (SHIFT_BITS < 1 || SHIFT_BITS > 6) begin : gen_bad_shift_bits
            perturb_round_SHIFT_BITS_must_be_1_to_6 u_error ();
        end
        if (LARGEST < 1 || LARGEST >= (1 << SHIFT_BITS)) begin : gen_bad_largest
            perturb_round_LARGEST_must_be_1_to_what_SHIFT_BITS_hold u_error ();
        end
        if (OUT_BITS < 2 || OUT_BITS > IN_BITS) begin : gen_bad_out_bits
            perturb_round_OUT_BITS_must_be_2_to_IN_BITS u_error ();
        end
        if (STOCHASTIC != 0 && STOCHASTIC != 1) begin : gen_bad_stochastic
            perturb_round_STOCHASTIC_must_be_0_or_1 u_error ();
        end
        if (NOISE_BITS < 1 || NOISE_BITS > 64) begin : gen_bad_noise_bits
            perturb_round_NOISE_BITS_must_be_1_to_64 u_error ();
        end
    endgenerate

endmodule

`resetall
