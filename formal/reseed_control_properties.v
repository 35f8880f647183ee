// SPDX-License-Identifier: Apache-2.0
//
// Properties of reseed_control: a reseed lasts as many loads as there are words, and the clock
// after the last of them is marked.

`resetall
`timescale 1ns/1ps
`default_nettype none

module reseed_control_properties #(
    parameter WORDS = 31,      // 1 to 65535
    parameter AFTER_RESET = 0  // 0 or 1
) (
    input wire clk,
    input wire rst,
    input wire reseed,
    input wire load
);

    localparam COUNT_BITS = $clog2(WORDS + 1);

    wire loading;
    wire first;

    reseed_control #(.WORDS(WORDS), .AFTER_RESET(AFTER_RESET)) dut (
        .clk(clk), .rst(rst), .reseed(reseed), .load(load), .loading_q(loading), .first_q(first));

    (* hierconn *) wire [COUNT_BITS-1:0] \dut.left_q ;

    // Loads still due, 0 to WORDS.
    reg [16:0] due_q;
    reg        past_q = 1'b0;
    reg        ended_q;  // the last of them came in the clock before

    always @(posedge clk) begin
        past_q <= 1'b1;
        ended_q <= !rst && due_q == 1 && load;
        if (rst)
            due_q <= (AFTER_RESET != 0) ? WORDS : 0;
        else if (due_q != 0)
            due_q <= due_q - load;
        else
            due_q <= reseed ? WORDS : 0;
    end

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            lasts: assert (loading == (due_q != 0));
            marked: assert (first == ended_q);
            if (loading)
                in_range: assert (\dut.left_q < WORDS);

            invariant_due: assert (due_q <= WORDS);
            if (due_q != 0)
                invariant_left: assert (\dut.left_q == due_q - 1);
        end
    end

endmodule

`resetall
