// SPDX-License-Identifier: Apache-2.0
//
// Gaussian words from a tree of biased decisions, sigma 2**(BIT_WIDTH-3), after TreeGRNG (KU
// Leuven).
//
// Sign, then magnitude bits from the most significant down. The top three are a six-input table
// each, of the bits above and of random bits, some of which the level above has biased already. The
// next four are random bits that two events cleared now and then, at rates that grow with the bits
// above (slope_a about z/2, slope_b about z/8); the rest are random bits as they are. The value is
// word + 1/2; words below 12 bits drop low bits. Figures: streams/families/treegrng.py.
// Combinational; the stream that uses it holds the state, which must not be zero. Period 2**33 - 1.

`resetall
`timescale 1ns/1ps
`default_nettype none

module treegrng #(
    parameter BIT_WIDTH = 8,   // 4 to 12
    parameter STATE_BITS = 33  // 33
) (
    input  wire        [STATE_BITS-1:0] state,
    output wire        [STATE_BITS-1:0] next_state,
    output wire signed [BIT_WIDTH-1:0]  word
);

    `include "gaussian_source_table.vh"
    `include "treegrng_table.vh"

    assign next_state = gaussian_next(state);

    wire m6, m5, m4, slope_a, slope_b;
    wire [3:0] low;
    wire       sign = state[32];

    lut6 #(.TABLE(LEVEL6)) u_level6 (.index(state[5:0]), .value(m6));
    lut6 #(.TABLE(LEVEL5)) u_level5 (.index({m6, state[0], state[9:6]}), .value(m5));
    lut6 #(.TABLE(LEVEL4)) u_level4 (.index({m6, state[9], state[13:10]}), .value(m4));

    lut6 #(.TABLE(SLOPE_A)) u_slope_a (.index({m6, m5, m4, state[16:14]}), .value(slope_a));
    lut6 #(.TABLE(SLOPE_B)) u_slope_b (
        .index({m6, slope_a, state[18:17], state[20:19]}), .value(slope_b));

    // Sign folded in.
    lut6 #(.TABLE(LOW_3)) u_low_3 (
        .index({sign, state[27], m6, slope_a, state[18:17]}), .value(low[3]));
    lut6 #(.TABLE(LOW_2)) u_low_2 (
        .index({sign, state[26], slope_b, state[23:21]}), .value(low[2]));
    lut6 #(.TABLE(LOW_1)) u_low_1 (
        .index({sign, state[25], slope_b, state[23:21]}), .value(low[1]));
    lut6 #(.TABLE(LOW_0)) u_low_0 (
        .index({sign, state[24], slope_b, state[23:21]}), .value(low[0]));

    // The lowest bits are uniform already: folding them would change nothing.
    wire [11:0] word12 = {sign, {m6, m5, m4} ^ {3{sign}}, low, state[31:28]};
    assign word = word12[11:12-BIT_WIDTH];

    wire unused = &{1'b0, word12};

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 4 || BIT_WIDTH > 12) begin : gen_bad_bit_width
            treegrng_BIT_WIDTH_must_be_4_to_12 u_error ();
        end
        if (STATE_BITS != 33) begin : gen_bad_state_bits
            treegrng_STATE_BITS_must_be_33 u_error ();
        end
    endgenerate

endmodule

`resetall
