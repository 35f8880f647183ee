// SPDX-License-Identifier: Apache-2.0
//
// Marsaglia's 64-bit xorshift generator: next state, and the words of GROUP lanes.
//
// x ^= x << 13; x ^= x >> 7; x ^= x << 17 (G. Marsaglia, "Xorshift RNGs", Journal of Statistical
// Software 8(14), 2003); period 2**64 - 1. The first lane takes the top bits of the state, the next
// the bits below, the most significant one of each inverted, so that they read as two's complement.
// Combinational; the stream that uses it holds the state, which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module own_generator #(
    parameter BIT_WIDTH = 8,  // 1 to 24
    parameter GROUP = 1       // 1 to 64 / BIT_WIDTH
) (
    input  wire [63:0]                state,
    output wire [63:0]                next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    wire [63:0] left  = state ^ {state[50:0], 13'b0};
    wire [63:0] right = left ^ {7'b0, left[63:7]};
    assign next_state = right ^ {right[46:0], 17'b0};

    genvar i;
    generate
        for (i = 0; i < GROUP; i = i + 1) begin : gen_word
            assign word[i*BIT_WIDTH +: BIT_WIDTH] = state[63-i*BIT_WIDTH -: BIT_WIDTH] ^ SIGN;
        end
    endgenerate

endmodule

`resetall
