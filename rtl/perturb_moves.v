// SPDX-License-Identifier: Apache-2.0
//
// What the words 1 and -1 move a weight by, for lanes of words of one bit: all that
// perturb_lane would compute of them, but for the noise, which is a lane's own.
//
// The probe of 1 is 2**(WEIGHT_BITS-1-shift), at least 1, and saturates to 2**(WEIGHT_BITS-1)-1;
// that of -1 is its opposite and does not saturate. The product with the factor is therefore a
// shifted factor, and one shift does both that and the division by 2**factor_shift. To nearest
// the move is rounded here and the fraction 0; at random it is rounded down, and the fraction cut
// to NOISE_BITS: a lane adds its noise to it. Results are two clocks late.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_moves #(
    parameter WEIGHT_BITS = 16,  // 4 to 16
    parameter SHIFT_BITS = 5,    // up to 6; holds shifts up to WEIGHT_BITS
    parameter DRAWS = 0,         // 0: to nearest; 1: at random
    parameter NOISE_BITS = 8     // 1 to 64
) (
    input  wire                          clk,
    input  wire signed [15:0]            factor,
    input  wire [4:0]                    factor_shift,
    input  wire [SHIFT_BITS-1:0]         shift,
    output wire signed [WEIGHT_BITS:0]   plus,
    output wire signed [WEIGHT_BITS:0]   minus,
    output wire [NOISE_BITS-1:0]         plus_part,
    output wire [NOISE_BITS-1:0]         minus_part
);

    localparam VALUE_BITS = WEIGHT_BITS + 16;
    localparam LARGEST = WEIGHT_BITS - 1 + 31;
    localparam [5:0] LAST = WEIGHT_BITS - 1;  // the shift of a probe of 1

    wire [6+SHIFT_BITS-1:0] wide_shift = {6'b0, shift};
    wire [5:0]              held = (wide_shift[5:0] > LAST) ? LAST : wide_shift[5:0];
    wire                    unused_shift = &{1'b0, wide_shift[6+SHIFT_BITS-1:6]};

    // The factor times 2**(WEIGHT_BITS-1).
    wire signed [VALUE_BITS-1:0] whole = {factor[15], factor, {(WEIGHT_BITS-1){1'b0}}};
    wire signed [VALUE_BITS-1:0] less = {{(VALUE_BITS-16){factor[15]}}, factor};

    reg signed [VALUE_BITS-1:0] plus_value_q;
    reg signed [VALUE_BITS-1:0] minus_value_q;
    reg [5:0]                   shift_q;

    always @(posedge clk) begin
        plus_value_q  <= (held == 6'd0) ? whole - less : whole;
        minus_value_q <= -whole;
        shift_q       <= held + {1'b0, factor_shift};
    end

    wire signed [WEIGHT_BITS:0] plus_move;
    wire signed [WEIGHT_BITS:0] minus_move;

    perturb_round #(
        .IN_BITS(VALUE_BITS), .SHIFT_BITS(6), .LARGEST(LARGEST), .OUT_BITS(WEIGHT_BITS + 1),
        .STOCHASTIC(DRAWS > 0), .NOISE_BITS(1)
    ) u_plus (
        .value(plus_value_q), .shift(shift_q), .noise(1'b0), .rounded(plus_move));

    perturb_round #(
        .IN_BITS(VALUE_BITS), .SHIFT_BITS(6), .LARGEST(LARGEST), .OUT_BITS(WEIGHT_BITS + 1),
        .STOCHASTIC(DRAWS > 0), .NOISE_BITS(1)
    ) u_minus (
        .value(minus_value_q), .shift(shift_q), .noise(1'b0), .rounded(minus_move));

    reg signed [WEIGHT_BITS:0] plus_q;
    reg signed [WEIGHT_BITS:0] minus_q;

    always @(posedge clk) begin
        plus_q  <= plus_move;
        minus_q <= minus_move;
    end

    assign plus = plus_q;
    assign minus = minus_q;

    generate
        if (DRAWS > 0) begin : gen_parts
            wire [VALUE_BITS+NOISE_BITS-1:0] plus_bits = {plus_value_q, {NOISE_BITS{1'b0}}};
            wire [VALUE_BITS+NOISE_BITS-1:0] minus_bits = {minus_value_q, {NOISE_BITS{1'b0}}};
            wire signed [VALUE_BITS+NOISE_BITS-1:0] plus_shifted = $signed(plus_bits) >>> shift_q;
            wire signed [VALUE_BITS+NOISE_BITS-1:0] minus_shifted = $signed(minus_bits) >>> shift_q;
            wire unused = &{1'b0, plus_shifted[VALUE_BITS+NOISE_BITS-1:NOISE_BITS],
                            minus_shifted[VALUE_BITS+NOISE_BITS-1:NOISE_BITS]};
            reg [NOISE_BITS-1:0] plus_part_q;
            reg [NOISE_BITS-1:0] minus_part_q;

            always @(posedge clk) begin
                plus_part_q  <= plus_shifted[NOISE_BITS-1:0];
                minus_part_q <= minus_shifted[NOISE_BITS-1:0];
            end

            assign plus_part = plus_part_q;
            assign minus_part = minus_part_q;
        end else begin : gen_no_parts
            assign plus_part = {NOISE_BITS{1'b0}};
            assign minus_part = {NOISE_BITS{1'b0}};
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (WEIGHT_BITS < 4 || WEIGHT_BITS > 16) begin : gen_bad_weight_bits
            perturb_moves_WEIGHT_BITS_must_be_4_to_16 u_error ();
        end
        if (SHIFT_BITS > 6 || (1 << SHIFT_BITS) < WEIGHT_BITS + 1) begin : gen_bad_shift_bits
            perturb_moves_SHIFT_BITS_must_hold_the_largest_shift u_error ();
        end
        if (DRAWS != 0 && DRAWS != 1) begin : gen_bad_draws
            perturb_moves_DRAWS_must_be_0_or_1 u_error ();
        end
        if (NOISE_BITS < 1 || NOISE_BITS > 64) begin : gen_bad_noise_bits
            perturb_moves_NOISE_BITS_must_be_1_to_64 u_error ();
        end
    endgenerate

endmodule

`resetall
