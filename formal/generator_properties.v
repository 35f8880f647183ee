// SPDX-License-Identifier: Apache-2.0
//
// Properties of every generator family: its state never becomes zero, and no two states merge.

`resetall
`timescale 1ns/1ps
`default_nettype none

module generator_properties #(
    parameter KIND = "lfsr",   // a family of generator.v
    parameter BIT_WIDTH = 8,   // as the family allows
    parameter STATE_BITS = 8,  // as the family allows
    parameter LEAP = 1,        // as the family allows
    parameter ZERO = 0         // 0 or 1; 1: zero is a state like any other
) (
    input wire clk
);

    // A state that any seed but zero has led to.
    (* anyconst *) wire [STATE_BITS-1:0] seed;
    (* anyseq *) wire [STATE_BITS-1:0] other;
    reg  [STATE_BITS-1:0] state_q;
    reg                   running_q = 1'b0;
    wire [STATE_BITS-1:0] next_state;
    wire [STATE_BITS-1:0] next_other;
    wire [BIT_WIDTH-1:0]  word;
    wire [BIT_WIDTH-1:0]  other_word;

    generator #(
        .KIND(KIND), .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .LEAP(LEAP)
    ) dut (
        .state(state_q), .next_state(next_state), .word(word));

    generator #(
        .KIND(KIND), .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .LEAP(LEAP)
    ) twin (
        .state(other), .next_state(next_other), .word(other_word));

    always @(posedge clk) begin
        running_q <= 1'b1;
        state_q <= running_q ? next_state : seed;
    end

    always @* begin
        assume (seed != 0 || ZERO != 0);
        if (running_q) begin
            nonzero: assert (state_q != 0 || ZERO != 0);
            injective: assert (next_state != next_other || state_q == other);
        end
    end

endmodule

`resetall
