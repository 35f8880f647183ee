// SPDX-License-Identifier: Apache-2.0
//
// Gaussian words as a sum of uniform numbers (central limit theorem), sigma 2**(BIT_WIDTH-3).
//
// The sum of 15 bits, a uniform number and a triangular one, in two carry chains: what is added to
// each chain's first operand is a function of at most five bits, so that the counting of ones costs
// no LUT beyond those of the chain. Where the sum of the first chain is extreme, the ones that
// the second adds are clamped: the word saturates instead of wrapping. The value is word + 1/2;
// words below 12 bits drop low bits. Distribution and figures: pezoexplore/streams/families/clt.py.
// Combinational; the stream that uses it holds the state, which must not be zero. Period 2**33 - 1.

`resetall
`timescale 1ns/1ps
`default_nettype none

module clt #(
    parameter BIT_WIDTH = 8,   // 4 to 12
    parameter STATE_BITS = 33  // 33
) (
    input  wire        [STATE_BITS-1:0] state,
    output wire        [STATE_BITS-1:0] next_state,
    output wire signed [BIT_WIDTH-1:0]  word
);

    `include "gaussian_source_table.vh"
    `include "clt_table.vh"

    assign next_state = gaussian_next(state);

    // First chain, in sixteenths: six ones and the uniform number, plus five ones and the triangle.
    // The tables give the sum bits before carry; the operands are what makes that of them.
    wire [2:0] ones;
    wire [6:0] sum_a;
    wire [6:0] base_a = {ones, state[28:25]};
    wire [4:0] coarse = {state[14], state[9:6]};
    wire [4:0] spread = state[14:10];

    lut6 #(.TABLE(ONES_0)) u_ones_0 (.index(state[5:0]), .value(ones[0]));
    lut6 #(.TABLE(ONES_1)) u_ones_1 (.index(state[5:0]), .value(ones[1]));
    lut6 #(.TABLE(ONES_2)) u_ones_2 (.index(state[5:0]), .value(ones[2]));
    lut6 #(.TABLE(SPREAD_0)) u_spread_0 (.index({base_a[0], spread}), .value(sum_a[0]));
    lut6 #(.TABLE(SPREAD_1)) u_spread_1 (.index({base_a[1], spread}), .value(sum_a[1]));
    lut6 #(.TABLE(SPREAD_2)) u_spread_2 (.index({base_a[2], spread}), .value(sum_a[2]));
    lut6 #(.TABLE(SPREAD_3)) u_spread_3 (.index({base_a[3], spread}), .value(sum_a[3]));
    lut6 #(.TABLE(COARSE_0)) u_coarse_0 (.index({base_a[4], coarse}), .value(sum_a[4]));
    lut6 #(.TABLE(COARSE_1)) u_coarse_1 (.index({base_a[5], coarse}), .value(sum_a[5]));
    lut6 #(.TABLE(COARSE_2)) u_coarse_2 (.index({base_a[6], coarse}), .value(sum_a[6]));

    wire [8:0] first = {1'b0, base_a, state[20]} + {1'b0, base_a ^ sum_a, state[20]};

    // Second chain, in ones: the other five, minus the mean.
    wire [3:0] sum_b;
    wire [3:0] base_b  = first[8:5];
    wire       extreme = base_b == 4'd0 || base_b == 4'd12;
    wire [4:0] top     = {extreme, state[18:15]};

    lut6 #(.TABLE(TOP_0)) u_top_0 (.index({base_b[0], top}), .value(sum_b[0]));
    lut6 #(.TABLE(TOP_1)) u_top_1 (.index({base_b[1], top}), .value(sum_b[1]));
    lut6 #(.TABLE(TOP_2)) u_top_2 (.index({base_b[2], top}), .value(sum_b[2]));
    lut6 #(.TABLE(TOP_3)) u_top_3 (.index({base_b[3], top}), .value(sum_b[3]));

    wire [4:0] second = {base_b, state[19]} + {base_b ^ sum_b, state[19]};

    wire [11:0] word12 = {second[4:1], first[4:1], state[24:21]};
    assign word = word12[11:12-BIT_WIDTH];

    // The lowest bit of each chain only makes its carry in.
    wire unused = &{1'b0, first[0], second[0], word12};

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 4 || BIT_WIDTH > 12) begin : gen_bad_bit_width
            clt_BIT_WIDTH_must_be_4_to_12 u_error ();
        end
        if (STATE_BITS != 33) begin : gen_bad_state_bits
            clt_STATE_BITS_must_be_33 u_error ();
        end
    endgenerate

endmodule

`resetall
