// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_sign_lane: what leaves after four enabled clocks is the weight less the
// move of its segment and sign, and less the carry of the move's fraction and the noise, saturated.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_sign_lane_properties #(
    parameter WEIGHT_BITS = 4,  // 4 to 16
    parameter INDEX_BITS = 2,   // 1 to 4
    parameter DRAWS = 0,        // 0 or 1
    parameter NOISE_BITS = 3    // 1 to 64
) (
    input wire                          clk,
    input wire                          advance,
    input wire signed [WEIGHT_BITS-1:0] weight,
    input wire                          word,
    input wire [INDEX_BITS-1:0]         segment,
    input wire [NOISE_BITS-1:0]         noise
);

    localparam MOVE_BITS = WEIGHT_BITS + 1;
    localparam CHOICES = 2 << INDEX_BITS;
    localparam signed [WEIGHT_BITS+2:0] TOP = (1 << (WEIGHT_BITS - 1)) - 1;
    localparam signed [WEIGHT_BITS+2:0] BOTTOM = -(1 << (WEIGHT_BITS - 1));

    // A pass has moves that stay.
    (* anyconst *) wire [CHOICES*MOVE_BITS-1:0] moves;
    (* anyconst *) wire [CHOICES*NOISE_BITS-1:0] parts;
    wire signed [WEIGHT_BITS-1:0] result;

    perturb_sign_lane #(
        .WEIGHT_BITS(WEIGHT_BITS), .INDEX_BITS(INDEX_BITS), .DRAWS(DRAWS), .NOISE_BITS(NOISE_BITS)
    ) dut (
        .clk(clk), .advance(advance), .weight(weight), .word(word), .segment(segment),
        .noise(noise), .moves(moves), .parts(parts), .result(result));

    (* hierconn *) wire [WEIGHT_BITS-1:0] \dut.weight1_q ;
    (* hierconn *) wire [INDEX_BITS:0]    \dut.choice1_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]  \dut.gen_noise.noise1_q ;
    (* hierconn *) wire [WEIGHT_BITS-1:0] \dut.weight2_q ;
    (* hierconn *) wire [INDEX_BITS:0]    \dut.choice2_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]  \dut.gen_noise.noise2_q ;
    (* hierconn *) wire [WEIGHT_BITS-1:0] \dut.weight3_q ;
    (* hierconn *) wire [MOVE_BITS-1:0]   \dut.move3_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]  \dut.gen_noise.part3_q ;
    (* hierconn *) wire [NOISE_BITS-1:0]  \dut.gen_noise.noise3_q ;
    (* hierconn *) wire [WEIGHT_BITS-1:0] \dut.weight4_q ;
    (* hierconn *) wire [MOVE_BITS-1:0]   \dut.move4_q ;
    (* hierconn *) wire                   \dut.gen_noise.carry4_q ;

    // The inputs of one enabled clock, any one, and how far they are; what they become at once.
    (* anyseq *) wire mark;
    reg [2:0] age_q = 3'd0;  // 1 to 4: registers passed
    reg signed [WEIGHT_BITS-1:0] weight_q;
    reg [INDEX_BITS:0]           choice_q;
    reg [NOISE_BITS-1:0]         noise_q;

    wire fresh = mark && (age_q == 0 || age_q == 4);

    always @(posedge clk) begin
        if (advance) begin
            age_q <= fresh ? 1 : (age_q == 4) ? 0 : age_q + (age_q != 0);
            if (fresh) begin
                weight_q <= weight;
                choice_q <= {segment, word};
                noise_q <= noise;
            end
        end
    end

    wire signed [MOVE_BITS-1:0]  move = moves >> (choice_q * MOVE_BITS);
    wire [NOISE_BITS-1:0]        part = parts >> (choice_q * NOISE_BITS);
    wire [NOISE_BITS:0]          sum = {1'b0, part} + {1'b0, noise_q};
    wire                         carry = DRAWS > 0 && sum[NOISE_BITS];

    wire signed [WEIGHT_BITS+2:0] wide_weight = weight_q;
    wire signed [WEIGHT_BITS+2:0] wide_move = move;
    wire signed [WEIGHT_BITS+2:0] exact = wide_weight - wide_move - {{(WEIGHT_BITS+2){1'b0}}, carry};
    wire signed [WEIGHT_BITS+2:0] clamped = exact > TOP ? TOP : exact < BOTTOM ? BOTTOM : exact;
    wire signed [WEIGHT_BITS+2:0] shown = result;

    always @* begin
        if (age_q == 4)
            moved: assert (shown == clamped);
        if (age_q == 4 && move == 0 && !carry)
            restored: assert (result == weight_q);

        invariant_age: assert (age_q <= 4);
        if (age_q == 1)
            invariant_1: assert (\dut.weight1_q == weight_q && \dut.choice1_q == choice_q
                && (DRAWS < 1 || \dut.gen_noise.noise1_q == noise_q));
        if (age_q == 2)
            invariant_2: assert (\dut.weight2_q == weight_q && \dut.choice2_q == choice_q
                && (DRAWS < 1 || \dut.gen_noise.noise2_q == noise_q));
        if (age_q == 3)
            invariant_3: assert (\dut.weight3_q == weight_q && \dut.move3_q == move
                && (DRAWS < 1
                    || \dut.gen_noise.noise3_q == noise_q && \dut.gen_noise.part3_q == part));
        if (age_q == 4)
            invariant_4: assert (\dut.weight4_q == weight_q && \dut.move4_q == move
                && (DRAWS < 1 || \dut.gen_noise.carry4_q == carry));
    end

endmodule

`resetall
