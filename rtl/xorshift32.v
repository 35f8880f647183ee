// SPDX-License-Identifier: Apache-2.0
//
// Marsaglia's 32-bit xorshift generator: the next state.
//
// x ^= x << 13; x ^= x >> 17; x ^= x << 5 (G. Marsaglia, "Xorshift RNGs", Journal of Statistical
// Software 8(14), 2003); period 2**32 - 1. Combinational; the stream that uses it holds the state,
// which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module xorshift32 (
    input  wire [31:0] state,
    output wire [31:0] next_state
);

    wire [31:0] left  = state ^ {state[18:0], 13'b0};
    wire [31:0] right = left ^ {17'b0, left[31:17]};
    assign next_state = right ^ {right[26:0], 5'b0};

endmodule

`resetall
