// SPDX-License-Identifier: Apache-2.0
//
// Counts accepted beats modulo the period 2**STATE_BITS - 1 of the streams' lfsr.
//
// It is itself a Galois lfsr that starts at 1: no carry chain, and its last state before 1 is
// always 2, whatever the taps. `last` is high with the last beat of a period. `start`
// keeps the count and `replay` restores it; `clear` returns to the first beat. next_count is
// what the register takes at the next clock, for a table that reads ahead.

`resetall
`timescale 1ns/1ps
`default_nettype none

module period_counter #(
    parameter STATE_BITS = 8  // 3 to 32
) (
    input  wire                  clk,
    input  wire                  clear,
    input  wire                  start,
    input  wire                  replay,
    input  wire                  accept,
    output wire                  last,
    output wire [STATE_BITS-1:0] count,
    output wire [STATE_BITS-1:0] next_count
);

    localparam [STATE_BITS-1:0] FIRST = 1;
    localparam [STATE_BITS-1:0] LAST = 2;

    reg  [STATE_BITS-1:0] count_q;
    reg  [STATE_BITS-1:0] kept_q;
    wire [STATE_BITS-1:0] counted;

    lfsr #(.STATE_BITS(STATE_BITS), .LEAP(1)) u_lfsr (.state(count_q), .next_state(counted));

    assign count = count_q;
    assign last = count_q == LAST;
    assign next_count = clear ? FIRST : replay ? kept_q : accept ? counted : count_q;

    always @(posedge clk) begin
        if (clear)
            count_q <= FIRST;
        else if (replay || accept)
            count_q <= replay ? kept_q : counted;
    end

    always @(posedge clk) begin
        if (clear)
            kept_q <= FIRST;
        else if (start)
            kept_q <= count_q;
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (STATE_BITS < 3 || STATE_BITS > 32) begin : gen_bad_state_bits
            period_counter_STATE_BITS_must_be_3_to_32 u_error ();
        end
    endgenerate

endmodule

`resetall
