// SPDX-License-Identifier: Apache-2.0
//
// Walsh codes: the signs of GROUP lanes as parities of bits of a count, which is all the state.
//
// The sign of a lane at count n is the parity of the products of bits i and i + 3, i + 7 and
// i + 13 of n, and of five bits of n that are the lane's own. Seen in the low bits alone it is a
// Walsh function that the high bits choose (J. L. Walsh, American J. Mathematics 45(1), 1923),
// times a fixed function; as a whole, a word of the second-order Reed-Muller code (F. J.
// MacWilliams, N. J. A. Sloane, The Theory of Error-Correcting Codes, 1977, chapter 15). 1 stands
// for -1, as in two's complement. Combinational; the stream that uses it holds the count, which may
// be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module walsh #(
    parameter GROUP = 1  // 1 to 32
) (
    input  wire [31:0]      state,
    output wire [31:0]      next_state,
    output wire [GROUP-1:0] word
);

    `include "walsh_table.vh"

    wire [31:0] partners = (state >> 3) ^ (state >> 7) ^ (state >> 13);
    wire        form     = ^(state & partners);

    assign next_state = state + 32'd1;

    genvar i;
    generate
        for (i = 0; i < GROUP; i = i + 1) begin : gen_word
            assign word[i] = form ^ (^(state & walsh_mask(i)));
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (GROUP < 1 || GROUP > 32) begin : gen_bad_group
            walsh_GROUP_must_be_1_to_32 u_error ();
        end
    endgenerate

endmodule

`resetall
