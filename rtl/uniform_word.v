// SPDX-License-Identifier: Apache-2.0
//
// The uniform word of a state: its top BIT_WIDTH bits, the most significant one inverted, so that
// they read as two's complement. Combinational.

`resetall
`timescale 1ns/1ps
`default_nettype none

module uniform_word #(
    parameter BIT_WIDTH = 8,  // 1 to STATE_BITS
    parameter STATE_BITS = 8  // 1 to 64
) (
    input  wire [STATE_BITS-1:0] state,
    output wire [BIT_WIDTH-1:0]  word
);

    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    assign word = state[STATE_BITS-1 -: BIT_WIDTH] ^ SIGN;

    wire unused = &{1'b0, state};  // the bits below the word

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > STATE_BITS) begin : gen_bad_bit_width
            uniform_word_BIT_WIDTH_must_be_1_to_STATE_BITS u_error ();
        end
        if (STATE_BITS < 1 || STATE_BITS > 64) begin : gen_bad_state_bits
            uniform_word_STATE_BITS_must_be_1_to_64 u_error ();
        end
    endgenerate

endmodule

`resetall
