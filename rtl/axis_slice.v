// SPDX-License-Identifier: Apache-2.0
//
// Register slice of two entries: no path from out_ready to in_ready within a clock, no clock lost.
//
// What enters leaves a clock later. The second entry takes the beat that is on its way when
// out_ready falls; in_ready follows a clock behind.

`resetall
`timescale 1ns/1ps
`default_nettype none

module axis_slice #(
    parameter BITS = 32  // 1 and more
) (
    input  wire            clk,
    input  wire            rst,
    input  wire            in_valid,
    output wire            in_ready,
    input  wire [BITS-1:0] in_data,
    output wire            out_valid,
    input  wire            out_ready,
    output wire [BITS-1:0] out_data
);

    reg            shown_full_q;
    reg            spare_full_q;
    reg [BITS-1:0] shown_q;
    reg [BITS-1:0] spare_q;

    wire shown_free = !shown_full_q || out_ready;  // the shown entry is free for the next beat

    assign in_ready  = !spare_full_q;
    assign out_valid = shown_full_q;
    assign out_data  = shown_q;

    always @(posedge clk) begin
        shown_full_q <= !rst && (!shown_free || spare_full_q || in_valid);
        spare_full_q <= !rst && !shown_free && (spare_full_q || in_valid);
        if (shown_free)
            shown_q <= spare_full_q ? spare_q : in_data;
        if (!spare_full_q)
            spare_q <= in_data;
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BITS < 1) begin : gen_bad_bits
            axis_slice_BITS_must_be_1_or_more u_error ();
        end
    endgenerate

endmodule

`resetall
