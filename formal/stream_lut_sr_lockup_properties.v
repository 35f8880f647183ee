// SPDX-License-Identifier: Apache-2.0
//
// Property of stream_lut_sr with LOCKUP_RECOVERY: words of zero do not last.
//
// Nothing is assumed: registers may hold anything at first, as after an upset, and the host may load
// zeros. The count of words begins with any number that the invariants allow, 0 among them, so that
// few clocks show a defect.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_lut_sr_lockup_properties #(
    parameter HAS_RESEED = 1  // 0 or 1
) (
    input wire         clk,
    input wire         rst,
    input wire         start,
    input wire         replay,
    input wire         reseed,
    input wire         load_valid,
    input wire [520:0] load_data,
    input wire         out_ready
);

    wire        load_ready;
    wire        out_valid;
    wire [23:0] out_data;

    stream_lut_sr #(
        .BIT_WIDTH(24), .LANES(1), .GROUP(1), .HAS_RESEED(HAS_RESEED), .LOCKUP_RECOVERY(1)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data));

    (* hierconn *) wire [31:0] \dut.states ;
    (* hierconn *) wire        \dut.expanding_q ;
    (* hierconn *) wire [4:0]  \dut.gen_lockup.beats_q ;
    (* hierconn *) wire        \dut.gen_lockup.seen_q ;

    reg       past_q = 1'b0;
    reg [5:0] zeros_q;  // words of zero accepted one after another
    wire      zero = \dut.states == 32'd0;
    wire [5:0] beats = \dut.gen_lockup.beats_q > 5'd16 ? 6'd16 : {1'b0, \dut.gen_lockup.beats_q };

    wire      in_window = zeros_q <= beats + 6'd17 || (beats == 6'd0 && !zero);
    wire      unseen = zeros_q <= beats || !\dut.gen_lockup.seen_q ;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (rst || replay || load_ready || \dut.expanding_q )
            zeros_q <= 6'd0;
        else if (out_valid && out_ready)
            zeros_q <= zero ? zeros_q + 6'd1 : 6'd0;
    end

    always @* begin
        assume (past_q || (zeros_q <= 6'd34 && in_window && unseen));
        recovers: assert (zeros_q <= 6'd34);
        invariant_window: assert (in_window);
        invariant_unseen: assert (unseen);
    end

endmodule

`resetall
