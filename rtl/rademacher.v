// SPDX-License-Identifier: Apache-2.0
//
// Source of one-bit directions: a 32-bit Galois lfsr, the next state.
//
// x^32 + x^22 + x^2 + x + 1, one update a clock, period 2**32 - 1; a lane shows its top bit.
// Combinational; the stream that uses it holds the state, which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module rademacher (
    input  wire [31:0] state,
    output wire [31:0] next_state
);

    localparam [31:0] TAPS = 32'h80200003;

    assign next_state = {1'b0, state[31:1]} ^ ({32{state[0]}} & TAPS);

endmodule

`resetall
