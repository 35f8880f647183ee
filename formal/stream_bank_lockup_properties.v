// SPDX-License-Identifier: Apache-2.0
//
// Properties of stream_bank with LOCKUP_RECOVERY: states of zeros do not last.
//
// Nothing is assumed: registers may hold anything at first, as after an upset, and the host may load
// zeros. The words show whole states.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_bank_lockup_properties #(
    parameter HAS_RESEED = 1  // 0 or 1
) (
    input wire       clk,
    input wire       rst,
    input wire       start,
    input wire       replay,
    input wire       reseed,
    input wire       load_valid,
    input wire [2:0] load_data,
    input wire       out_ready
);

    wire       load_ready;
    wire       out_valid;
    wire [8:0] out_data;
    wire [5:0] out_exponent;

    stream_bank #(
        .BIT_WIDTH(3), .STATE_BITS(3), .LANES(3), .HAS_RESEED(HAS_RESEED), .INVERTED(3'd4),
        .LOCKUP_RECOVERY(1), .SEEDS(9'o421)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data),
        .out_exponent(out_exponent));

    (* hierconn *) wire       \dut.last ;
    (* hierconn *) wire [2:0] \dut.u_count.count_q ;

    wire [2:0] zero = {out_data[8:6] == 3'd4, out_data[5:3] == 3'd4, out_data[2:0] == 3'd4};

    reg       past_q = 1'b0;
    reg       moved_q = 1'b0;    // a beat was accepted, and nothing brought other states
    reg [2:0] zero_q = 3'd0;     // lanes that showed zeros in the last beat
    reg [2:0] twice_q = 3'd0;    // and in the one before
    reg       uncounted_q;       // the count of the period was zero

    always @(posedge clk) begin
        past_q <= 1'b1;
        uncounted_q <= \dut.u_count.count_q == 3'd0 && !replay;
        moved_q <= out_valid && out_ready && !replay;
        if (rst || replay || load_ready) begin
            zero_q <= 3'd0;
            twice_q <= 3'd0;
        end else if (out_valid && out_ready) begin
            zero_q <= zero;
            twice_q <= zero & zero_q;
        end
    end

    always @* begin
        recovers: assert ((zero & twice_q) == 0);
        if (past_q && uncounted_q)
            counts: assert (\dut.u_count.count_q != 3'd0);
        if (\dut.last )
            invariant_rotated: assert ((zero & zero_q) == 0);
    end

endmodule

`resetall
