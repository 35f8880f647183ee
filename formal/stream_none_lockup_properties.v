// SPDX-License-Identifier: Apache-2.0
//
// Property of stream_none with LOCKUP_RECOVERY: the state of zeros does not last.
//
// Nothing is assumed: registers may hold anything at first, as after an upset, and the host may load
// zeros. The words show whole states.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_none_lockup_properties #(
    parameter HAS_RESEED = 1  // 0 or 1
) (
    input wire       clk,
    input wire       rst,
    input wire       start,
    input wire       replay,
    input wire       reseed,
    input wire       load_valid,
    input wire [3:0] load_data,
    input wire       out_ready
);

    wire        load_ready;
    wire        out_valid;
    wire [11:0] out_data;

    stream_none #(
        .KIND("lfsr"), .BIT_WIDTH(4), .STATE_BITS(4), .LANES(3), .HAS_RESEED(HAS_RESEED),
        .INVERTED(4'd8), .LOCKUP_RECOVERY(1), .SEEDS(12'h321)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data));

    reg       moved_q = 1'b0;  // a beat was accepted, and nothing brought another state
    reg [2:0] zero_q;          // lanes that showed the state of zeros
    reg [2:0] zero;
    integer   lane;

    always @* begin
        for (lane = 0; lane < 3; lane = lane + 1)
            zero[lane] = out_data[4*lane +: 4] == 4'd8;
    end

    always @(posedge clk) begin
        moved_q <= out_valid && out_ready && !replay;
        zero_q <= zero;
    end

    always @* begin
        if (moved_q)
            recovers: assert ((zero & zero_q) == 0);
    end

endmodule

`resetall
