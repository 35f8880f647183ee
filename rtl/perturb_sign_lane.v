// SPDX-License-Identifier: Apache-2.0
//
// A lane of the perturbation engine for words of one bit, without a multiplier: with the moves of
// perturb_moves, bit for bit and clock for clock the result of perturb_lane with BIT_WIDTH and HALF
// 1, whose factor stays as it is during a pass.
//
// result = saturate(w - move - carry): the move is that of the weight's segment and of the word's
// sign, the carry that of the move's fraction plus the noise.
// Four registers, enabled by `advance`, and the last adder behind them.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_sign_lane #(
    parameter WEIGHT_BITS = 16,  // 4 to 16
    parameter INDEX_BITS = 1,    // 1 to 4, bits of the number of a segment
    parameter DRAWS = 0,         // 0: to nearest; 1: at random
    parameter NOISE_BITS = 8     // 1 to 64
) (
    input  wire                                          clk,
    input  wire                                          advance,
    input  wire signed [WEIGHT_BITS-1:0]                 weight,
    input  wire                                          word,
    input  wire [INDEX_BITS-1:0]                         segment,
    input  wire [NOISE_BITS-1:0]                         noise,
    // Of the word 1, then of -1, segment 0 lowest.
    input  wire [(2 << INDEX_BITS)*(WEIGHT_BITS+1)-1:0]  moves,
    input  wire [(2 << INDEX_BITS)*NOISE_BITS-1:0]       parts,
    output wire signed [WEIGHT_BITS-1:0]                 result
);

    localparam MOVE_BITS = WEIGHT_BITS + 1;

    reg signed [WEIGHT_BITS-1:0] weight1_q;
    reg [INDEX_BITS:0]           choice1_q;  // the segment, then the sign
    reg signed [WEIGHT_BITS-1:0] weight2_q;
    reg [INDEX_BITS:0]           choice2_q;
    reg signed [WEIGHT_BITS-1:0] weight3_q;
    reg signed [MOVE_BITS-1:0]   move3_q;
    reg signed [WEIGHT_BITS-1:0] weight4_q;
    reg signed [MOVE_BITS-1:0]   move4_q;
    wire                         carry4;

    always @(posedge clk) begin
        if (advance) begin
            weight1_q <= weight;
            choice1_q <= {segment, word};
            weight2_q <= weight1_q;
            choice2_q <= choice1_q;
            weight3_q <= weight2_q;
            move3_q   <= moves[choice2_q*MOVE_BITS +: MOVE_BITS];
            weight4_q <= weight3_q;
            move4_q   <= move3_q;
        end
    end

    // One bit more below: there the carry borrows.
    wire signed [WEIGHT_BITS+2:0] wide = {{2{weight4_q[WEIGHT_BITS-1]}}, weight4_q, 1'b0}
                                       - {move4_q[WEIGHT_BITS], move4_q, carry4};
    wire signed [WEIGHT_BITS+1:0] moved = wide[WEIGHT_BITS+2:1];
    wire unused_bit = wide[0];
    wire sign = moved[WEIGHT_BITS+1];
    wire fits = moved[WEIGHT_BITS:WEIGHT_BITS-1] == {2{sign}};

    assign result = fits ? moved[WEIGHT_BITS-1:0] : {sign, {(WEIGHT_BITS-1){!sign}}};

    generate
        if (DRAWS > 0) begin : gen_noise
            reg [NOISE_BITS-1:0] noise1_q;
            reg [NOISE_BITS-1:0] noise2_q;
            reg [NOISE_BITS-1:0] noise3_q;
            reg [NOISE_BITS-1:0] part3_q;
            reg                  carry4_q;
            wire [NOISE_BITS:0]  sum3 = {1'b0, part3_q} + {1'b0, noise3_q};
            wire                 unused = &{1'b0, sum3[NOISE_BITS-1:0]};

            always @(posedge clk) begin
                if (advance) begin
                    noise1_q <= noise;
                    noise2_q <= noise1_q;
                    noise3_q <= noise2_q;
                    part3_q  <= parts[choice2_q*NOISE_BITS +: NOISE_BITS];
                    carry4_q <= sum3[NOISE_BITS];
                end
            end

            assign carry4 = carry4_q;
        end else begin : gen_no_noise
            wire unused = &{1'b0, noise, parts};
            assign carry4 = 1'b0;
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (WEIGHT_BITS < 4 || WEIGHT_BITS > 16) begin : gen_bad_weight_bits
            perturb_sign_lane_WEIGHT_BITS_must_be_4_to_16 u_error ();
        end
        if (INDEX_BITS < 1 || INDEX_BITS > 4) begin : gen_bad_index_bits
            perturb_sign_lane_INDEX_BITS_must_be_1_to_4 u_error ();
        end
        if (DRAWS != 0 && DRAWS != 1) begin : gen_bad_draws
            perturb_sign_lane_DRAWS_must_be_0_or_1 u_error ();
        end
        if (NOISE_BITS < 1 || NOISE_BITS > 64) begin : gen_bad_noise_bits
            perturb_sign_lane_NOISE_BITS_must_be_1_to_64 u_error ();
        end
    endgenerate

endmodule

`resetall
