// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_moves: with the sum that perturb_sign_lane makes of its results, a weight
// becomes what it does in perturb_lane, whatever the weight and the noise: the probe rounded by
// perturb_round, the product with the factor, the move rounded by perturb_round, saturated.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_moves_properties #(
    parameter WEIGHT_BITS = 4,  // 4 to 16
    parameter SHIFT_BITS = 3,   // of a shift of 0 to WEIGHT_BITS
    parameter DRAWS = 0,        // 0 or 1
    parameter NOISE_BITS = 3    // 1 to 64
) (
    input wire                          clk,
    input wire signed [WEIGHT_BITS-1:0] weight,
    input wire                          word,
    input wire [NOISE_BITS-1:0]         noise
);

    localparam VALUE_BITS = WEIGHT_BITS + 16;
    localparam signed [WEIGHT_BITS+2:0] TOP = (1 << (WEIGHT_BITS - 1)) - 1;
    localparam signed [WEIGHT_BITS+2:0] BOTTOM = -(1 << (WEIGHT_BITS - 1));

    // A pass has one factor, one shift of its product and one of a segment.
    (* anyconst *) wire signed [15:0] factor;
    (* anyconst *) wire [4:0] factor_shift;
    (* anyconst *) wire [SHIFT_BITS-1:0] shift;
    wire signed [WEIGHT_BITS:0] plus;
    wire signed [WEIGHT_BITS:0] minus;
    wire [NOISE_BITS-1:0]       plus_part;
    wire [NOISE_BITS-1:0]       minus_part;

    perturb_moves #(
        .WEIGHT_BITS(WEIGHT_BITS), .SHIFT_BITS(SHIFT_BITS), .DRAWS(DRAWS), .NOISE_BITS(NOISE_BITS)
    ) dut (
        .clk(clk), .factor(factor), .factor_shift(factor_shift), .shift(shift),
        .plus(plus), .minus(minus), .plus_part(plus_part), .minus_part(minus_part));

    // Clocks since the inputs are what they are, up to two.
    reg [1:0] age_q = 2'd0;

    always @(posedge clk)
        age_q <= (age_q == 2) ? 2 : age_q + 1;

    // As perturb_lane has it, with a multiplier.
    wire signed [WEIGHT_BITS:0]   placed = {word, 1'b1, {(WEIGHT_BITS-1){1'b0}}};
    wire signed [WEIGHT_BITS-1:0] probe;
    wire signed [VALUE_BITS-1:0]  product = factor * probe;
    wire signed [WEIGHT_BITS:0]   move;

    perturb_round #(
        .IN_BITS(WEIGHT_BITS + 1), .SHIFT_BITS(SHIFT_BITS), .LARGEST(WEIGHT_BITS),
        .OUT_BITS(WEIGHT_BITS), .STOCHASTIC(0), .NOISE_BITS(NOISE_BITS)
    ) u_probe (.value(placed), .shift(shift), .noise(noise), .rounded(probe));

    perturb_round #(
        .IN_BITS(VALUE_BITS), .SHIFT_BITS(5), .LARGEST(31), .OUT_BITS(WEIGHT_BITS + 1),
        .STOCHASTIC(DRAWS > 0), .NOISE_BITS(NOISE_BITS)
    ) u_move (.value(product), .shift(factor_shift), .noise(noise), .rounded(move));

    wire signed [WEIGHT_BITS+2:0] wide_weight = weight;
    wire signed [WEIGHT_BITS+2:0] wide_move = move;
    wire signed [WEIGHT_BITS+2:0] exact = wide_weight - wide_move;
    wire signed [WEIGHT_BITS+2:0] clamped = exact > TOP ? TOP : exact < BOTTOM ? BOTTOM : exact;

    // As perturb_sign_lane has it.
    wire [NOISE_BITS-1:0] part = word ? minus_part : plus_part;
    wire [NOISE_BITS:0]   sum = {1'b0, part} + {1'b0, noise};
    wire signed [WEIGHT_BITS+2:0] wide_chosen = word ? minus : plus;
    wire signed [WEIGHT_BITS+2:0] shared =
        wide_weight - wide_chosen - {{(WEIGHT_BITS+2){1'b0}}, DRAWS > 0 && sum[NOISE_BITS]};
    wire signed [WEIGHT_BITS+2:0] shown = shared > TOP ? TOP : shared < BOTTOM ? BOTTOM : shared;

    always @* begin
        assume (shift <= WEIGHT_BITS);
        if (age_q == 2 && word)
            moves_minus: assert (shown == clamped);
        if (age_q == 2 && !word)
            moves_plus: assert (shown == clamped);
        invariant_age: assert (age_q <= 2);
    end

endmodule

`resetall
