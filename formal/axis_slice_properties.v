// SPDX-License-Identifier: Apache-2.0
//
// Properties of axis_slice: beats leave in the order they came in, none lost, none twice, and a
// beat that is shown is held until it is taken.

`resetall
`timescale 1ns/1ps
`default_nettype none

module axis_slice_properties #(
    parameter BITS = 8  // 1 and more
) (
    input wire            clk,
    input wire            rst,
    input wire            in_valid,
    input wire [BITS-1:0] in_data,
    input wire            out_ready
);

    localparam COUNT_BITS = 8;

    wire            in_ready;
    wire            out_valid;
    wire [BITS-1:0] out_data;

    axis_slice #(.BITS(BITS)) dut (
        .clk(clk), .rst(rst), .in_valid(in_valid), .in_ready(in_ready), .in_data(in_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data));

    (* hierconn *) wire            \dut.shown_full_q ;
    (* hierconn *) wire            \dut.spare_full_q ;
    (* hierconn *) wire [BITS-1:0] \dut.shown_q ;
    (* hierconn *) wire [BITS-1:0] \dut.spare_q ;

    // Beats taken and delivered since reset; the beat of any one number is watched.
    (* anyconst *) wire [COUNT_BITS-1:0] watched;
    reg [COUNT_BITS-1:0] taken_q;
    reg [COUNT_BITS-1:0] delivered_q;
    reg [BITS-1:0]       watched_data_q;
    wire [COUNT_BITS-1:0] inside = taken_q - delivered_q;

    reg past_q = 1'b0;
    reg waiting_q = 1'b0;  // a beat was shown and not taken
    reg [BITS-1:0] shown_data_q;

    always @(posedge clk) begin
        past_q <= 1'b1;
        taken_q <= rst ? 0 : taken_q + (in_valid && in_ready);
        delivered_q <= rst ? 0 : delivered_q + (out_valid && out_ready);
        if (in_valid && in_ready && taken_q == watched)
            watched_data_q <= in_data;
        waiting_q <= !rst && out_valid && !out_ready;
        shown_data_q <= out_data;
    end

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            if (waiting_q)
                held: assert (out_valid && out_data == shown_data_q);
            if (out_valid && delivered_q == watched)
                in_order: assert (inside != 0 && out_data == watched_data_q);
            none_lost: assert (out_valid == (inside != 0) && inside <= 2);
            if (!\dut.spare_full_q )
                ready: assert (in_ready);

            // What is inside, entry by entry.
            invariant_count: assert (inside == \dut.shown_full_q + \dut.spare_full_q );
            if (inside == 2 && taken_q - 1'b1 == watched)
                invariant_spare: assert (\dut.spare_q == watched_data_q);
        end
    end

endmodule

`resetall
