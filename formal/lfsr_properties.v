// SPDX-License-Identifier: Apache-2.0
//
// Properties of lfsr at every width: from any seed but zero the state never becomes zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module lfsr_properties (
    input wire clk
);

    wire [32:0] zero;  // which states are, by width
    reg         running_q = 1'b0;

    assign zero[2:0] = 3'b0;

    always @(posedge clk)
        running_q <= 1'b1;

    genvar bits;
    generate
        for (bits = 3; bits <= 32; bits = bits + 1) begin : gen_width
            (* anyconst *) wire [bits-1:0] seed;
            reg  [bits-1:0] state_q;
            wire [bits-1:0] next_state;

            lfsr #(.STATE_BITS(bits), .LEAP(1)) dut (.state(state_q), .next_state(next_state));

            always @(posedge clk)
                state_q <= running_q ? next_state : seed;

            always @*
                assume (seed != 0);

            assign zero[bits] = state_q == 0;
        end
    endgenerate

    always @*
        if (running_q)
            nonzero: assert (zero == 0);

endmodule

`resetall
