// SPDX-License-Identifier: Apache-2.0
//
// The xoshiro128++ generator: next state, and the words of GROUP lanes.
//
// Four 32-bit words, s0 lowest (D. Blackman, S. Vigna, "Scrambled linear pseudorandom number
// generators", ACM TOMS 47(4), 2021). The output is rotl(s0 + s3, 7) + s0; the first lane takes its
// top bits, the next the bits below, the most significant one of each inverted, so that they read
// as two's complement. Period 2**128 - 1. Combinational: two adders one after the other. The stream
// that uses it holds the state, which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module xoshiro128pp #(
    parameter BIT_WIDTH = 8,  // 1 to 24
    parameter GROUP = 1       // 1 to 32 / BIT_WIDTH
) (
    input  wire [127:0]               state,
    output wire [127:0]               next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    wire [31:0] s0 = state[31:0];
    wire [31:0] s1 = state[63:32];
    wire [31:0] s2 = state[95:64];
    wire [31:0] s3 = state[127:96];

    wire [31:0] s2_mixed = s2 ^ s0;
    wire [31:0] s3_mixed = s3 ^ s1;

    assign next_state[31:0]   = s0 ^ s3_mixed;
    assign next_state[63:32]  = s1 ^ s2_mixed;
    assign next_state[95:64]  = s2_mixed ^ {s1[22:0], 9'b0};
    assign next_state[127:96] = {s3_mixed[20:0], s3_mixed[31:21]};

    wire [31:0] first  = s0 + s3;
    wire [31:0] result = {first[24:0], first[31:25]} + s0;

    genvar i;
    generate
        for (i = 0; i < GROUP; i = i + 1) begin : gen_word
            assign word[i*BIT_WIDTH +: BIT_WIDTH] = result[31-i*BIT_WIDTH -: BIT_WIDTH] ^ SIGN;
        end
    endgenerate

    wire unused = &{1'b0, result};  // the bits below the words

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            xoshiro128pp_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (GROUP < 1 || GROUP * BIT_WIDTH > 32) begin : gen_bad_group
            xoshiro128pp_GROUP_must_be_1_to_32_over_BIT_WIDTH u_error ();
        end
    endgenerate

endmodule

`resetall
