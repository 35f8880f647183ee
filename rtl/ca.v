// SPDX-License-Identifier: Apache-2.0
//
// Hybrid cellular automaton of rules 90 and 150 on 32 cells: next state and word.
//
// A cell becomes the XOR of its neighbours and, where RULE_150 has a one, of itself; beyond the
// ends are zeros (P. Hortensius et al., IEEE Trans. CAD 8(8), 1989). Period 2**32 - 1. A word takes
// every fourth cell, from cell 31 down, then from cell 30; its most significant bit is inverted, so
// that it reads as two's complement. Combinational; the stream that uses it holds the state, which
// must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module ca #(
    parameter BIT_WIDTH = 8  // 1 to 24
) (
    input  wire [31:0]          state,
    output wire [31:0]          next_state,
    output wire [BIT_WIDTH-1:0] word
);

    localparam [31:0] RULE_150 = 32'h00040100;
    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    assign next_state = {1'b0, state[31:1]} ^ {state[30:0], 1'b0} ^ (state & RULE_150);

    wire [BIT_WIDTH-1:0] spaced;

    genvar i;
    generate
        for (i = 0; i < BIT_WIDTH; i = i + 1) begin : gen_bit
            assign spaced[BIT_WIDTH-1-i] = state[31 - 4*(i%8) - i/8];
        end
    endgenerate
    assign word = spaced ^ SIGN;

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            ca_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
    endgenerate

endmodule

`resetall
