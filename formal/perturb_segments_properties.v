// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_segments: every lane has the shift of the segment that its weight is in.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_segments_properties #(
    parameter LANES = 2,     // 1 to 256
    parameter SEGMENTS = 3,  // 2 to 16
    parameter SHIFT_BITS = 1 // 1 to 6
) (
    input wire                           clk,
    input wire                           load,
    input wire                           taken,
    input wire [SEGMENTS*SHIFT_BITS-1:0] shifts
);

    (* anyconst *) wire [SEGMENTS*32-1:0] ends;
    wire [LANES*SHIFT_BITS-1:0] lane_shifts;

    perturb_segments #(
        .LANES(LANES), .SEGMENTS(SEGMENTS), .SHIFT_BITS(SHIFT_BITS)
    ) dut (
        .clk(clk), .load(load), .taken(taken), .ends(ends), .shifts(shifts),
        .lane_shifts(lane_shifts));

    (* hierconn *) wire [31:0] \dut.gen_segment[1].left_q ;
    (* hierconn *) wire [31:0] \dut.gen_segment[2].left_q ;

    // Number of the weight in lane 0, and the segment of each lane: the last whose predecessor ends
    // at or before the weight.
    reg [33:0] first_q;
    reg        past_q = 1'b0;
    reg [LANES*SHIFT_BITS-1:0] expected;
    integer lane, k;

    always @(posedge clk) begin
        past_q <= 1'b1;
        first_q <= load ? 0 : first_q + (taken ? LANES : 0);
    end

    always @* begin
        for (lane = 0; lane < LANES; lane = lane + 1) begin
            expected[lane*SHIFT_BITS +: SHIFT_BITS] = shifts[SHIFT_BITS-1:0];
            for (k = 1; k < SEGMENTS; k = k + 1)
                if (first_q + lane >= ends[(k-1)*32 +: 32])
                    expected[lane*SHIFT_BITS +: SHIFT_BITS] = shifts[k*SHIFT_BITS +: SHIFT_BITS];
        end
    end

    wire [33:0] left1 = (first_q >= ends[31:0]) ? 0 : ends[31:0] - first_q;
    wire [33:0] left2 = (first_q >= ends[63:32]) ? 0 : ends[63:32] - first_q;

    always @* begin
        assume (past_q || load);
        if (past_q) begin
            assume (first_q < 34'h100000000);
            segment: assert (lane_shifts == expected);

            invariant_left: assert (\dut.gen_segment[1].left_q == left1
                                    && \dut.gen_segment[2].left_q == left2);
        end
    end

endmodule

`resetall
