// SPDX-License-Identifier: Apache-2.0
//
// Counts the words of a reseed: `loading` rises at the clock after `reseed` and falls with the last
// of WORDS loads; `first_q` is high in the clock after that, in which the first beat of the epoch
// is shown. A `reseed` while loading is ignored. With AFTER_RESET, rst asks for the loads too.

`resetall
`timescale 1ns/1ps
`default_nettype none

module reseed_control #(
    parameter WORDS = 31,      // 1 to 65535
    parameter AFTER_RESET = 0  // 0 or 1
) (
    input  wire clk,
    input  wire rst,
    input  wire reseed,
    input  wire load,
    output reg  loading_q,
    output reg  first_q
);

    localparam COUNT_BITS = $clog2(WORDS + 1);
    localparam [31:0] LAST = WORDS - 1;

    reg [COUNT_BITS-1:0] left_q;
    wire ends = loading_q && load && left_q == 0;

    always @(posedge clk) begin
        if (rst)
            loading_q <= AFTER_RESET != 0;
        else
            loading_q <= loading_q ? !ends : reseed;
    end

    always @(posedge clk)
        first_q <= !rst && ends;

    always @(posedge clk) begin
        if (rst || !loading_q)
            left_q <= LAST[COUNT_BITS-1:0];
        else if (load)
            left_q <= left_q - 1'b1;
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (WORDS < 1 || WORDS > 65535) begin : gen_bad_words
            reseed_control_WORDS_must_be_1_to_65535 u_error ();
        end
        if (AFTER_RESET != 0 && AFTER_RESET != 1) begin : gen_bad_after_reset
            reseed_control_AFTER_RESET_must_be_0_or_1 u_error ();
        end
    endgenerate

endmodule

`resetall
