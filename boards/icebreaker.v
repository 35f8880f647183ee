// SPDX-License-Identifier: Apache-2.0
//
// Top for the iCEBreaker (iCE40UP5K in package SG48): its 12 MHz oscillator is the clock.
//
// The green LED shines after power-up, the red one while a step of training is under way; both are
// on where their pin is low. pezo_board is generated: board_core.v with the figures of a network.

`resetall
`timescale 1ns/1ps
`default_nettype none

module icebreaker #(
    parameter CLOCKS_PER_BIT = 12  // 4 to 65535: a million bits a second
) (
    input  wire clk,
    input  wire rx,
    output wire tx,
    output wire led_green_n,
    output wire led_red_n
);

    wire training;

    assign led_green_n = 1'b0;
    assign led_red_n   = !training;

    pezo_board #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT), .HUGE(1)) u_board (
        .clk(clk), .rx(rx), .tx(tx), .training(training));

endmodule

`resetall
