// SPDX-License-Identifier: Apache-2.0
//
// Gaussian words for up to four lanes by a Hadamard transform, sigma 2**(BIT_WIDTH-3).
//
// Four numbers from tables, and their four sums with two signs each (D. Thomas, "The Table-Hadamard
// GRNG", ACM TRETS 8(4), 2015). In the first stage one operand is itself a function of five bits,
// so that its table is in the LUTs of the adder. A sum beyond 4 sigma wraps to the other tail. The
// value is word + 1/2; words below 12 bits drop low bits, which the lanes share. Distribution and
// figures: streams/families/table_hadamard.py.
// Combinational; the stream that uses it holds the state, which must not be zero. Period 2**33 - 1.

`resetall
`timescale 1ns/1ps
`default_nettype none

module table_hadamard #(
    parameter BIT_WIDTH = 8,    // 4 to 12
    parameter STATE_BITS = 33,  // 33
    parameter GROUP = 1         // 1 to 4
) (
    input  wire [STATE_BITS-1:0]      state,
    output wire [STATE_BITS-1:0]      next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    `include "gaussian_source_table.vh"
    `include "table_hadamard_table.vh"

    assign next_state = gaussian_next(state);

    wire [5:0] index_a = state[5:0];
    wire [4:0] index_b = state[10:6];
    wire [5:0] index_c = state[16:11];
    wire [4:0] index_d = state[21:17];

    // The tables give the sum bits before carry; the second operand is what makes that of them.
    wire [6:0] a, c, plus_b, minus_b, plus_d, minus_d;

    genvar i;
    generate
        for (i = 0; i < 7; i = i + 1) begin : gen_bit
            lut6 #(.TABLE(A[64*i +: 64])) u_a (.index(index_a), .value(a[i]));
            lut6 #(.TABLE(PLUS_B[64*i +: 64])) u_plus_b (
                .index({a[i], index_b}), .value(plus_b[i]));
            lut6 #(.TABLE(MINUS_B[64*i +: 64])) u_minus_b (
                .index({a[i], index_b}), .value(minus_b[i]));
            lut6 #(.TABLE(C[64*i +: 64])) u_c (.index(index_c), .value(c[i]));
            lut6 #(.TABLE(PLUS_D[64*i +: 64])) u_plus_d (
                .index({c[i], index_d}), .value(plus_d[i]));
            lut6 #(.TABLE(MINUS_D[64*i +: 64])) u_minus_d (
                .index({c[i], index_d}), .value(minus_d[i]));
        end
    endgenerate

    wire [7:0] wide_a = {a[6], a};
    wire [7:0] wide_c = {c[6], c};
    wire [7:0] ab_sum  = wide_a + (wide_a ^ {plus_b[6], plus_b});
    wire [7:0] ab_less = wide_a + (wide_a ^ {minus_b[6], minus_b});
    wire [7:0] cd_sum  = wide_c + (wide_c ^ {plus_d[6], plus_d}) + 8'd1;
    wire [7:0] cd_less = wide_c + (wide_c ^ {minus_d[6], minus_d}) + 8'd1;

    wire [31:0] sums = {ab_less - cd_less, ab_less + cd_less, ab_sum - cd_sum, ab_sum + cd_sum};

    generate
        for (i = 0; i < GROUP; i = i + 1) begin : gen_word
            // The lowest bits are uniform already.
            wire [11:0] word12 = {sums[8*i +: 8], state[25:22]};
            wire unused = &{1'b0, word12};
            assign word[i*BIT_WIDTH +: BIT_WIDTH] = word12[11:12-BIT_WIDTH];
        end
    endgenerate

    wire unused = &{1'b0, sums};

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 4 || BIT_WIDTH > 12) begin : gen_bad_bit_width
            table_hadamard_BIT_WIDTH_must_be_4_to_12 u_error ();
        end
        if (STATE_BITS != 33) begin : gen_bad_state_bits
            table_hadamard_STATE_BITS_must_be_33 u_error ();
        end
        if (GROUP < 1 || GROUP > 4) begin : gen_bad_group
            table_hadamard_GROUP_must_be_1_to_4 u_error ();
        end
    endgenerate

endmodule

`resetall
