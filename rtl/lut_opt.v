// SPDX-License-Identifier: Apache-2.0
//
// LUT-OPT: a sparse linear generator of fresh bits alone, and the words of GROUP lanes.
//
// Every next state bit is the XOR of two to four state bits: with the replay path of the stream one
// six-input LUT (D. Thomas, W. Luk, "High quality uniform random number generation using LUT
// optimised state-transition matrices", J. VLSI Signal Processing 47, 2007). Period
// 2**STATE_BITS - 1. The first lane takes the top bits, the next the bits below, the most
// significant one of each inverted, so that they read as two's complement. Combinational; the
// stream that uses it holds the state, which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module lut_opt #(
    parameter BIT_WIDTH = 8,    // 1 to 24
    parameter STATE_BITS = 48,  // 16, 24, 32 or 48
    parameter GROUP = 1         // 1 to STATE_BITS / BIT_WIDTH
) (
    input  wire [STATE_BITS-1:0]      state,
    output wire [STATE_BITS-1:0]      next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    `include "lut_opt_table.vh"

    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    genvar i;
    generate
        if (STATE_BITS == 16) begin : gen_16
            assign next_state = lut_opt_next_16(state);
        end else if (STATE_BITS == 24) begin : gen_24
            assign next_state = lut_opt_next_24(state);
        end else if (STATE_BITS == 32) begin : gen_32
            assign next_state = lut_opt_next_32(state);
        end else if (STATE_BITS == 48) begin : gen_48
            assign next_state = lut_opt_next_48(state);
        end else begin : gen_bad_state_bits
            lut_opt_STATE_BITS_must_be_16_24_32_or_48 u_error ();
        end

        for (i = 0; i < GROUP; i = i + 1) begin : gen_word
            assign word[i*BIT_WIDTH +: BIT_WIDTH] =
                state[STATE_BITS-1-i*BIT_WIDTH -: BIT_WIDTH] ^ SIGN;
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            lut_opt_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (GROUP < 1 || GROUP * BIT_WIDTH > STATE_BITS) begin : gen_bad_group
            lut_opt_GROUP_must_be_1_to_STATE_BITS_over_BIT_WIDTH u_error ();
        end
    endgenerate

endmodule

`resetall
