// SPDX-License-Identifier: Apache-2.0
//
// Source of ternary directions: a 32-bit Galois lfsr, the next state and the word -1, 0 or +1.
//
// x^32 + x^22 + x^2 + x + 1, two updates a clock, period 2**32 - 1. The top bit is the sign, the
// one below says whether the word is zero, which it is half of the time. Combinational; the stream
// that uses it holds the state, which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module ternary (
    input  wire [31:0] state,
    output wire [31:0] next_state,
    output wire [1:0]  word
);

    localparam [31:0] TAPS = 32'h80200003;

    wire [31:0] updated = {1'b0, state[31:1]} ^ ({32{state[0]}} & TAPS);
    assign next_state = {1'b0, updated[31:1]} ^ ({32{updated[0]}} & TAPS);

    assign word = {state[31] & state[30], state[30]};

endmodule

`resetall
