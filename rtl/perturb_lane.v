// SPDX-License-Identifier: Apache-2.0
//
// One lane of the perturbation engine: result = saturate(w - round(factor * p / 2**factor_shift)),
// with the probe p = saturate(round(v / 2**shift)) of the stream's value v.
//
// v is the word, or twice the word plus one where words have the half; it stands WEIGHT_BITS - 1
// places above the binary point, so that shift is never negative. A pass has one factor: the step
// M to update, -1 and 1 to perturb (with factor_shift 0, and exact), 0 to leave weights alone.
// Four registers, enabled by `advance`, and the last adder behind them.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_lane #(
    parameter BIT_WIDTH = 8,     // 1 to 24, bits of a word
    parameter HALF = 1,          // 0 or 1; 1: a word w stands for w + 1/2
    parameter WEIGHT_BITS = 16,  // 4 to 16
    parameter SHIFT_BITS = 5,    // up to 6; holds shifts up to WEIGHT_BITS + BIT_WIDTH + HALF - 2
    parameter DRAWS = 0,         // 0: to nearest; 1: the update at random; 2, 3: the probe as well
    parameter NOISE_BITS = 8     // 1 to 64
) (
    input  wire                          clk,
    input  wire                          advance,
    input  wire signed [WEIGHT_BITS-1:0] weight,
    input  wire [BIT_WIDTH-1:0]          word,
    input  wire [SHIFT_BITS-1:0]         shift,
    input  wire [NOISE_BITS-1:0]         probe_noise,
    input  wire [NOISE_BITS-1:0]         update_noise,
    input  wire signed [15:0]            factor,
    input  wire [4:0]                    factor_shift,
    output wire signed [WEIGHT_BITS-1:0] result
);

    localparam VALUE_BITS = BIT_WIDTH + HALF;
    localparam PLACED_BITS = VALUE_BITS + WEIGHT_BITS - 1;

    // Registers in front: the words come out of the stream's XORs.
    reg signed [WEIGHT_BITS-1:0] weight1_q;
    reg [BIT_WIDTH-1:0]          word1_q;
    reg [SHIFT_BITS-1:0]         shift1_q;
    wire [NOISE_BITS-1:0]        noise1;

    wire signed [PLACED_BITS-1:0] placed;
    wire signed [WEIGHT_BITS-1:0] probe;

    perturb_round #(
        .IN_BITS(PLACED_BITS), .SHIFT_BITS(SHIFT_BITS), .LARGEST(PLACED_BITS - 1),
        .OUT_BITS(WEIGHT_BITS), .STOCHASTIC(DRAWS > 1), .NOISE_BITS(NOISE_BITS)
    ) u_probe (
        .value(placed), .shift(shift1_q), .noise(noise1), .rounded(probe));

    reg signed [WEIGHT_BITS-1:0] weight2_q;
    reg signed [WEIGHT_BITS-1:0] probe2_q;

    reg signed [WEIGHT_BITS-1:0]  weight3_q;
    reg signed [WEIGHT_BITS+15:0] product3_q;
    wire [NOISE_BITS-1:0]         noise3;
    wire signed [WEIGHT_BITS:0]   move;  // beyond its rails a weight would saturate anyway

    perturb_round #(
        .IN_BITS(WEIGHT_BITS + 16), .SHIFT_BITS(5), .LARGEST(31), .OUT_BITS(WEIGHT_BITS + 1),
        .STOCHASTIC(DRAWS > 0), .NOISE_BITS(NOISE_BITS)
    ) u_move (
        .value(product3_q), .shift(factor_shift), .noise(noise3), .rounded(move));

    reg signed [WEIGHT_BITS-1:0] weight4_q;
    reg signed [WEIGHT_BITS:0]   move4_q;

    always @(posedge clk) begin
        if (advance) begin
            weight1_q  <= weight;
            word1_q    <= word;
            shift1_q   <= shift;
            weight2_q  <= weight1_q;
            probe2_q   <= probe;
            weight3_q  <= weight2_q;
            product3_q <= factor * probe2_q;
            weight4_q  <= weight3_q;
            move4_q    <= move;
        end
    end

    wire signed [WEIGHT_BITS+1:0] moved =
        {{2{weight4_q[WEIGHT_BITS-1]}}, weight4_q} - {move4_q[WEIGHT_BITS], move4_q};
    wire sign = moved[WEIGHT_BITS+1];
    wire fits = moved[WEIGHT_BITS:WEIGHT_BITS-1] == {2{sign}};

    assign result = fits ? moved[WEIGHT_BITS-1:0] : {sign, {(WEIGHT_BITS-1){!sign}}};

    generate
        if (HALF != 0) begin : gen_half
            assign placed = {word1_q, 1'b1, {(WEIGHT_BITS-1){1'b0}}};
        end else begin : gen_whole
            assign placed = {word1_q, {(WEIGHT_BITS-1){1'b0}}};
        end

        if (DRAWS > 0) begin : gen_update_noise
            reg [NOISE_BITS-1:0] update1_q;
            reg [NOISE_BITS-1:0] update2_q;
            reg [NOISE_BITS-1:0] update3_q;

            always @(posedge clk) begin
                if (advance) begin
                    update1_q <= update_noise;
                    update2_q <= update1_q;
                    update3_q <= update2_q;
                end
            end

            assign noise3 = update3_q;
        end else begin : gen_no_update_noise
            wire unused = &{1'b0, update_noise};
            assign noise3 = {NOISE_BITS{1'b0}};
        end

        if (DRAWS > 1) begin : gen_probe_noise
            reg [NOISE_BITS-1:0] probe1_q;

            always @(posedge clk)
                if (advance)
                    probe1_q <= probe_noise;

            assign noise1 = probe1_q;
        end else begin : gen_no_probe_noise
            wire unused = &{1'b0, probe_noise};
            assign noise1 = {NOISE_BITS{1'b0}};
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            perturb_lane_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (HALF != 0 && HALF != 1) begin : gen_bad_half
            perturb_lane_HALF_must_be_0_or_1 u_error ();
        end
        if (WEIGHT_BITS < 4 || WEIGHT_BITS > 16) begin : gen_bad_weight_bits
            perturb_lane_WEIGHT_BITS_must_be_4_to_16 u_error ();
        end
        if (SHIFT_BITS > 6 || (1 << SHIFT_BITS) < WEIGHT_BITS + BIT_WIDTH + HALF - 1)
        begin : gen_bad_shift_bits
            perturb_lane_SHIFT_BITS_must_hold_the_largest_shift u_error ();
        end
        if (DRAWS < 0 || DRAWS > 3) begin : gen_bad_draws
            perturb_lane_DRAWS_must_be_0_to_3 u_error ();
        end
        if (NOISE_BITS < 1 || NOISE_BITS > 64) begin : gen_bad_noise_bits
            perturb_lane_NOISE_BITS_must_be_1_to_64 u_error ();
        end
    endgenerate

endmodule

`resetall
