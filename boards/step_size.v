// SPDX-License-Identifier: Apache-2.0
//
// The step M = round(D * C / 2**15), saturated to 16 bits: `step_size` of
// pezoexplore.train.fixed_point.
//
// D is the loss difference, saturated to 24 bits first, C the learning rate of the step; halves are
// rounded up. One bit of C a clock: `done` is high for one clock, 16 clocks after `start`, and
// `step` stays until the next start.

`resetall
`timescale 1ns/1ps
`default_nettype none

module step_size (
    input  wire               clk,
    input  wire               rst,
    input  wire               start,
    input  wire signed [31:0] difference,
    input  wire [14:0]        rate,
    output wire               done,
    output wire signed [15:0] step
);

    reg        [4:0]  left_q;  // bits of the rate left; 31: none
    reg signed [39:0] sum_q;
    reg signed [39:0] term_q;
    reg        [14:0] rate_q;
    reg               done_q;

    wire sign = difference[31];
    wire holds = difference[31:23] == {9{sign}};
    wire signed [23:0] held = holds ? difference[23:0] : {sign, {23{!sign}}};

    wire running = left_q != 5'd31;
    wire signed [24:0] whole = sum_q[39:15];
    wire fits = whole[24:15] == {10{whole[24]}};
    wire unused = &{1'b0, sum_q[14:0]};

    assign done = done_q;
    assign step = fits ? whole[15:0] : {whole[24], {15{!whole[24]}}};

    always @(posedge clk) begin
        done_q <= !rst && running && left_q == 5'd0;
        if (rst)
            left_q <= 5'd31;
        else if (start)
            left_q <= 5'd14;
        else if (running)
            left_q <= left_q - 5'd1;
        if (start) begin
            sum_q  <= 40'sd16384;
            term_q <= {{16{held[23]}}, held};
            rate_q <= rate;
        end else if (running) begin
            if (rate_q[0])
                sum_q <= sum_q + term_q;
            term_q <= term_q <<< 1;
            rate_q <= rate_q >> 1;
        end
    end

endmodule

`resetall
