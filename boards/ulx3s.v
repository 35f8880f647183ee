// SPDX-License-Identifier: Apache-2.0
//
// Top for the ULX3S (Lattice ECP5 in package CABGA381): its 25 MHz oscillator is the clock.
//
// LED 0 shines after power-up, LED 1 while a step of training is under way. wifi_gpio0 is high, so
// that the ESP32 on the board stays in its normal mode. The serial line's signals are named for the
// FTDI chip: the FPGA sends on ftdi_rxd. pezo_board is generated: board_core.v with the figures of
// a network.

`resetall
`timescale 1ns/1ps
`default_nettype none

module ulx3s #(
    parameter CLOCKS_PER_BIT = 25  // 4 to 65535: a million bits a second
) (
    input  wire       clk_25mhz,
    input  wire       ftdi_txd,
    output wire       ftdi_rxd,
    output wire       wifi_gpio0,
    output wire [1:0] led
);

    wire training;

    assign wifi_gpio0 = 1'b1;
    assign led        = {training, 1'b1};

    pezo_board #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT), .HUGE(0)) u_board (
        .clk(clk_25mhz), .rx(ftdi_txd), .tx(ftdi_rxd), .training(training));

endmodule

`resetall
