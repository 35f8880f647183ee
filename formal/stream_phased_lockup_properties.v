// SPDX-License-Identifier: Apache-2.0
//
// Property of stream_phased with LOCKUP_RECOVERY: the state of zeros does not last.
//
// Nothing is assumed: registers may hold anything at first, as after an upset, and the host may load
// zeros. The one lane shows
// the whole state.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_phased_lockup_properties #(
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

    wire       load_ready;
    wire       out_valid;
    wire [3:0] out_data;
    wire [5:0] out_exponent;

    stream_phased #(
        .BIT_WIDTH(4), .STATE_BITS(4), .LANES(1), .HAS_RESEED(HAS_RESEED), .COLUMNS(16'h8421),
        .INVERTED(4'd8), .ODD(4'd8), .LAST(4'd3), .SEED(4'd5), .AGAIN(4'd9), .LOCKUP_RECOVERY(1)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data),
        .out_exponent(out_exponent));

    reg  moved_q = 1'b0;  // a beat was accepted, and nothing brought another state
    reg  zero_q;          // the state was that of zeros
    wire zero = out_data == 4'd8;

    always @(posedge clk) begin
        moved_q <= out_valid && out_ready && !replay;
        zero_q <= zero;
    end

    always @* begin
        if (moved_q)
            recovers: assert (!(zero && zero_q));
    end

endmodule

`resetall
