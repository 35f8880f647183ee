// SPDX-License-Identifier: Apache-2.0
//
// The shift of every lane of a beat: a model's layers have scales of their own, and a layer may end
// in the middle of a beat.
//
// Segment k ends before weight number END k of the pass, ends ascending; the last one never does.
// `load` begins a pass, `taken` advances by a beat.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_segments #(
    parameter LANES = 31,     // 1 to 256
    parameter SEGMENTS = 2,   // 1 to 16
    parameter SHIFT_BITS = 5  // 1 to 6
) (
    input  wire                           clk,
    input  wire                           load,
    input  wire                           taken,
    input  wire [SEGMENTS*32-1:0]         ends,    // segment 0 lowest; the last is not read
    input  wire [SEGMENTS*SHIFT_BITS-1:0] shifts,  // segment 0 lowest
    output wire [LANES*SHIFT_BITS-1:0]    lane_shifts
);

    localparam [31:0] BEAT = LANES;

    wire [LANES*SHIFT_BITS-1:0] chosen [0:SEGMENTS-1];
    wire unused = &{1'b0, clk, load, taken, ends};

    assign chosen[0] = {LANES{shifts[SHIFT_BITS-1:0]}};

    genvar k;
    genvar lane;
    generate
        if (SEGMENTS > 0) begin : gen_last
            assign lane_shifts = chosen[SEGMENTS-1];
        end

        for (k = 1; k < SEGMENTS; k = k + 1) begin : gen_segment
            reg  [31:0] left_q;  // weights before the segment, counted from this beat's first
            wire near = left_q <= BEAT;

            always @(posedge clk) begin
                if (load)
                    left_q <= ends[(k-1)*32 +: 32];
                else if (taken)
                    left_q <= near ? 32'd0 : left_q - BEAT;
            end

            for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
                localparam [31:0] NUMBER = lane;
                assign chosen[k][lane*SHIFT_BITS +: SHIFT_BITS] =
                    (near && left_q[8:0] <= NUMBER[8:0])
                        ? shifts[k*SHIFT_BITS +: SHIFT_BITS]
                        : chosen[k-1][lane*SHIFT_BITS +: SHIFT_BITS];
            end
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            perturb_segments_LANES_must_be_1_to_256 u_error ();
        end
        if (SEGMENTS < 1 || SEGMENTS > 16) begin : gen_bad_segments
            perturb_segments_SEGMENTS_must_be_1_to_16 u_error ();
        end
        if (SHIFT_BITS < 1 || SHIFT_BITS > 6) begin : gen_bad_shift_bits
            perturb_segments_SHIFT_BITS_must_be_1_to_6 u_error ();
        end
    endgenerate

endmodule

`resetall
