// SPDX-License-Identifier: Apache-2.0
//
// Gaussian words by inversion of the normal distribution, sigma 2**(BIT_WIDTH-3).
//
// The magnitude is a piecewise linear function of a uniform number u: the octave of u is its
// leading zeros, which more random bits divide into sections, eight to an octave where u is large
// and fewer towards the tail, 64 in all. A section has a start and a width in eighths of a step of
// 8-bit words; the width times seven more random bits is added to the start (D. Lee, R. Cheung,
// J. Villasenor, W. Luk, "Inversion-based hardware Gaussian random number generator", FPT 2006).
// The value is word + 1/2; words below 12 bits drop low bits. Figures: streams/families/icdf.py.
// Combinational; the stream that uses it holds the state, which must not be zero. Period 2**33 - 1.

`resetall
`timescale 1ns/1ps
`default_nettype none

module icdf #(
    parameter BIT_WIDTH = 8,   // 4 to 12
    parameter STATE_BITS = 33  // 33
) (
    input  wire        [STATE_BITS-1:0] state,
    output wire        [STATE_BITS-1:0] next_state,
    output wire signed [BIT_WIDTH-1:0]  word
);

    `include "gaussian_source_table.vh"
    `include "icdf_table.vh"

    assign next_state = gaussian_next(state);

    // Leading zeros: the first one of state[14:0], from bit 0, four bits at a time.
    wire [14:0] u      = state[14:0];
    wire [2:0]  place = state[17:15];
    wire        any_a  = |u[3:0];
    wire        any_b  = |u[7:4];
    wire        any_c  = |u[11:8];
    wire [1:0]  lead_a = {!(u[0] | u[1]), !u[0] & (u[1] | !u[2])};
    wire [1:0]  lead_b = {!(u[4] | u[5]), !u[4] & (u[5] | !u[6])};
    wire [1:0]  lead_c = {!(u[8] | u[9]), !u[8] & (u[9] | !u[10])};
    wire [1:0]  lead_d = {!(u[12] | u[13]), !u[12] & (u[13] | !u[14])};

    wire [5:0] section = any_a ? {1'b0, lead_a, place}
                       : any_b ? {2'b10, lead_b, place[1:0]}
                       : any_c ? {3'b110, lead_c, place[0]}
                       :         {3'b111, lead_d, place[0]};

    wire [9:0] start;
    wire [4:0] width;

    genvar i;
    generate
        for (i = 0; i < 10; i = i + 1) begin : gen_start
            lut6 #(.TABLE(START[64*i +: 64])) u_start (.index(section), .value(start[i]));
        end
        for (i = 0; i < 5; i = i + 1) begin : gen_width
            lut6 #(.TABLE(WIDTH[64*i +: 64])) u_width (.index(section), .value(width[i]));
        end
    endgenerate

    // start + floor(width * t / 128), one row of the product after the other.
    wire [6:0]  t    = state[24:18];
    wire [7:0]  row0 = {1'b0, t & {7{width[0]}}};
    wire [8:0]  row1 = {1'b0, row0} + {1'b0, t & {7{width[1]}}, 1'b0};
    wire [9:0]  row2 = {1'b0, row1} + {1'b0, t & {7{width[2]}}, 2'b0};
    wire [10:0] row3 = {1'b0, row2} + {1'b0, t & {7{width[3]}}, 3'b0};
    wire [11:0] row4 = {1'b0, row3} + {1'b0, t & {7{width[4]}}, 4'b0};
    wire [9:0]  sum  = start + {5'b0, row4[11:7]};

    // The lowest bits are uniform already: folding them would change nothing.
    wire [11:0] word12 = {state[25], sum[9:3] ^ {7{state[25]}}, state[29:26]};
    assign word = word12[11:12-BIT_WIDTH];

    wire unused = &{1'b0, word12, sum[2:0], row4[6:0]};

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 4 || BIT_WIDTH > 12) begin : gen_bad_bit_width
            icdf_BIT_WIDTH_must_be_4_to_12 u_error ();
        end
        if (STATE_BITS != 33) begin : gen_bad_state_bits
            icdf_STATE_BITS_must_be_33 u_error ();
        end
    endgenerate

endmodule

`resetall
