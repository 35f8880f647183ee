// SPDX-License-Identifier: Apache-2.0
//
// Properties of period_counter: it counts accepted beats modulo the period, replay included, and
// stays off the all-zero state.

`resetall
`timescale 1ns/1ps
`default_nettype none

module period_counter_properties #(
    parameter STATE_BITS = 4,           // 3 to 8
    parameter [STATE_BITS-1:0] TAPS = 12  // of the polynomial of that width
) (
    input wire clk,
    input wire clear,
    input wire start,
    input wire replay,
    input wire accept
);

    localparam PERIOD = (1 << STATE_BITS) - 1;

    wire                  last;
    wire [STATE_BITS-1:0] count;
    wire [STATE_BITS-1:0] next_count;

    period_counter #(.STATE_BITS(STATE_BITS)) dut (
        .clk(clk), .clear(clear), .start(start), .replay(replay), .accept(accept), .last(last),
        .count(count), .next_count(next_count));

    (* hierconn *) wire [STATE_BITS-1:0] \dut.kept_q ;

    // The counter's value at each place of the period, walked once while elaborating.
    wire [STATE_BITS-1:0] value [0:PERIOD];
    assign value[0] = 1;
    genvar i;
    generate
        for (i = 0; i < PERIOD; i = i + 1) begin : gen_value
            assign value[i+1] = (value[i] >> 1) ^ (value[i][0] ? TAPS : {STATE_BITS{1'b0}});
        end
    endgenerate

    // Beats of the present period, and of the one that `start` keeps.
    reg [STATE_BITS-1:0] place_q;
    reg [STATE_BITS-1:0] kept_place_q;
    reg [STATE_BITS-1:0] next_q;
    reg past_q = 1'b0;

    always @(posedge clk) begin
        past_q <= 1'b1;
        next_q <= next_count;
        if (clear)
            place_q <= 0;
        else if (replay)
            place_q <= kept_place_q;
        else if (accept)
            place_q <= (place_q == PERIOD - 1) ? 0 : place_q + 1'b1;
        if (clear)
            kept_place_q <= 0;
        else if (start)
            kept_place_q <= place_q;
    end

    always @* begin
        assume (past_q || clear);
        if (past_q) begin
            last_beat: assert (last == (place_q == PERIOD - 1));
            nonzero: assert (count != 0 && \dut.kept_q != 0);
            reads_ahead: assert (count == next_q);

            invariant_place: assert (place_q < PERIOD && kept_place_q < PERIOD);
            invariant_count: assert (count == value[place_q]);
            invariant_kept: assert (\dut.kept_q == value[kept_place_q]);
        end
    end

endmodule

`resetall
