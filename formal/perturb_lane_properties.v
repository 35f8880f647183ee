// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_lane: what leaves after four enabled clocks is what the trainer computes,
// saturated as its definition says. Rounding is perturb_round's, which has proofs of its own: here
// its inputs are what they should be, and its outputs are gone on from.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_lane_properties #(
    parameter BIT_WIDTH = 2,    // 1 to 24
    parameter HALF = 1,         // 0 or 1
    parameter WEIGHT_BITS = 4,  // 4 to 16
    parameter SHIFT_BITS = 3,   // of a shift of 0 to WEIGHT_BITS + BIT_WIDTH + HALF - 2
    parameter DRAWS = 0,        // 0, 1 or 3
    parameter NOISE_BITS = 3    // 1 to 64
) (
    input wire                          clk,
    input wire                          advance,
    input wire signed [WEIGHT_BITS-1:0] weight,
    input wire [BIT_WIDTH-1:0]          word,
    input wire [SHIFT_BITS-1:0]         shift,
    input wire [NOISE_BITS-1:0]         probe_noise,
    input wire [NOISE_BITS-1:0]         update_noise
);

    localparam PLACED_BITS = BIT_WIDTH + HALF + WEIGHT_BITS - 1;
    localparam signed [WEIGHT_BITS+2:0] TOP = (1 << (WEIGHT_BITS - 1)) - 1;
    localparam signed [WEIGHT_BITS+2:0] BOTTOM = -(1 << (WEIGHT_BITS - 1));

    // A pass has one factor and one shift of its product.
    (* anyconst *) wire signed [15:0] factor;
    (* anyconst *) wire [4:0] factor_shift;
    wire signed [WEIGHT_BITS-1:0] result;

    perturb_lane #(
        .BIT_WIDTH(BIT_WIDTH), .HALF(HALF), .WEIGHT_BITS(WEIGHT_BITS), .SHIFT_BITS(SHIFT_BITS),
        .DRAWS(DRAWS), .NOISE_BITS(NOISE_BITS)
    ) dut (
        .clk(clk), .advance(advance), .weight(weight), .word(word), .shift(shift),
        .probe_noise(probe_noise), .update_noise(update_noise), .factor(factor),
        .factor_shift(factor_shift), .result(result));

    (* hierconn *) wire [WEIGHT_BITS-1:0]  \dut.weight1_q ;
    (* hierconn *) wire [BIT_WIDTH-1:0]    \dut.word1_q ;
    (* hierconn *) wire [SHIFT_BITS-1:0]   \dut.shift1_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]   \dut.noise1 ;
    (* hierconn *) wire [PLACED_BITS-1:0]  \dut.placed ;
    (* hierconn *) wire [WEIGHT_BITS-1:0]  \dut.probe ;
    (* hierconn *) wire [WEIGHT_BITS-1:0]  \dut.weight2_q ;
    (* hierconn *) wire [WEIGHT_BITS-1:0]  \dut.probe2_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]   \dut.gen_update_noise.update1_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]   \dut.gen_update_noise.update2_q ;
    (* hierconn *) wire [WEIGHT_BITS-1:0]  \dut.weight3_q ;
    (* hierconn *) wire [WEIGHT_BITS+15:0] \dut.product3_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]   \dut.noise3 ;
    (* hierconn *) wire [WEIGHT_BITS:0]    \dut.move ;
    (* hierconn *) wire [WEIGHT_BITS-1:0]  \dut.weight4_q ;
    (* hierconn *) wire [WEIGHT_BITS:0]    \dut.move4_q ;

    // The model: the inputs of one enabled clock, any one, and how far they are; what they become
    // is computed at once, from the definition.
    (* anyseq *) wire mark;
    reg [2:0] age_q = 3'd0;  // 1 to 4: registers passed
    reg signed [WEIGHT_BITS-1:0]  weight_q;
    reg signed [WEIGHT_BITS-1:0]  probe_q;
    reg signed [WEIGHT_BITS+15:0] product_q;
    reg signed [WEIGHT_BITS:0]    move_q;
    reg [BIT_WIDTH-1:0]           word_q;
    reg [SHIFT_BITS-1:0]          shift_q;
    reg [NOISE_BITS-1:0]          probe_noise_q;
    reg [NOISE_BITS-1:0]          update_noise_q;

    wire signed [PLACED_BITS-1:0] value = {word_q, {HALF{1'b1}}, {(WEIGHT_BITS-1){1'b0}}};

    wire fresh = mark && (age_q == 0 || age_q == 4);

    always @(posedge clk) begin
        if (advance) begin
            age_q <= fresh ? 1 : (age_q == 4) ? 0 : age_q + (age_q != 0);
            if (fresh) begin
                weight_q <= weight;
                word_q <= word;
                shift_q <= shift;
                probe_noise_q <= probe_noise;
                update_noise_q <= update_noise;
            end
            if (age_q == 1)
                probe_q <= \dut.probe ;
            if (age_q == 2)
                product_q <= factor * probe_q;
            if (age_q == 3)
                move_q <= \dut.move ;
        end
    end

    wire signed [WEIGHT_BITS+2:0] wide_weight = weight_q;
    wire signed [WEIGHT_BITS+2:0] wide_move = move_q;
    wire signed [WEIGHT_BITS+2:0] exact = wide_weight - wide_move;
    wire signed [WEIGHT_BITS+2:0] clamped = exact > TOP ? TOP : exact < BOTTOM ? BOTTOM : exact;
    wire signed [WEIGHT_BITS+2:0] shown = result;

    always @* begin
        assume (shift < PLACED_BITS);
        if (age_q == 1)
            rounds_probe: assert (\dut.placed == value && \dut.shift1_q == shift_q
                                  && (DRAWS < 2 || \dut.noise1 == probe_noise_q));
        if (age_q == 3)
            rounds_product: assert (\dut.product3_q == product_q
                                    && (DRAWS < 1 || \dut.noise3 == update_noise_q));
        if (age_q == 4)
            saturation: assert (shown == clamped);
        if (age_q == 4 && move_q == 0)
            restored: assert (result == weight_q);

        invariant_age: assert (age_q <= 4);
        if (age_q == 1)
            invariant_1: assert (\dut.weight1_q == weight_q && \dut.word1_q == word_q
                && (DRAWS < 1 || \dut.gen_update_noise.update1_q == update_noise_q));
        if (age_q == 2)
            invariant_2: assert (\dut.weight2_q == weight_q && \dut.probe2_q == probe_q
                && (DRAWS < 1 || \dut.gen_update_noise.update2_q == update_noise_q));
        if (age_q == 3)
            invariant_3: assert (\dut.weight3_q == weight_q);
        if (age_q == 4)
            invariant_4: assert (\dut.weight4_q == weight_q && \dut.move4_q == move_q);
    end

endmodule

`resetall
