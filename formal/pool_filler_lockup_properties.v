// SPDX-License-Identifier: Apache-2.0
//
// Property of pool_filler with LOCKUP_RECOVERY: the state of zeros does not last.
//
// Nothing is assumed: registers may hold anything at first, as after an upset, and the host may load
// zeros. The words show whole states.

`resetall
`timescale 1ns/1ps
`default_nettype none

module pool_filler_lockup_properties (
    input wire       clk,
    input wire       load,
    input wire [3:0] load_data,
    input wire       fill
);

    wire       filled;
    wire [7:0] row;

    pool_filler #(
        .KIND("lfsr"), .BIT_WIDTH(4), .STATE_BITS(4), .LANES(2), .LOCKUP_RECOVERY(1), .SEED(4'd9)
    ) dut (
        .clk(clk), .load(load), .load_data(load_data), .fill(fill), .filled(filled), .row(row));

    reg  moved_q = 1'b0;  // a word was made, and none loaded
    reg  zero_q;          // it was that of the state of zeros
    wire zero = row[7:4] == 4'd8;

    always @(posedge clk) begin
        moved_q <= fill && !load;
        zero_q <= zero;
    end

    always @* begin
        if (moved_q)
            recovers: assert (!(zero && zero_q));
    end

endmodule

`resetall
