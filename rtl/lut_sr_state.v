// SPDX-License-Identifier: Apache-2.0
//
// LUT-SR of lut_sr.v with its state at hand: next state and word, for the filler of a pool, which
// loads a state as a whole.
//
// The word shown is on top of the state, below it the 15 before, and lowest the 9 late bits of the
// one before these. Combinational; what uses it holds the state, which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module lut_sr_state #(
    parameter BIT_WIDTH = 8  // 1 to 24
) (
    input  wire [520:0]          state,
    output wire [520:0]          next_state,
    output wire [BIT_WIDTH-1:0]  word
);

    `include "lut_sr_table.vh"

    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    assign next_state = {lut_sr_next({state[40:18], state[8:0]}), state[520:41], state[17:9]};
    assign word = state[520 -: BIT_WIDTH] ^ SIGN;

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            lut_sr_state_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
    endgenerate

endmodule

`resetall
