// SPDX-License-Identifier: Apache-2.0
//
// Structured directions: of each weight matrix a sum of outer products of signs (LOZO, arXiv
// 2410.07698; EGGROLL, arXiv 2511.16652), each made of a stream of one-bit words, beat by beat.
//
// Of each stream, weights that are in no matrix and those of a matrix's first row, its column
// vector, show the word in their place. Each other row is the one above it times a sign: row r is
// the column vector times u_r, which is the word in the last lane of the beat in which the row
// begins, so that a weight is the one COLUMNS before it times u_(r-1) u_r. A beat of the streams of
// words is taken with each beat shown; nothing is filled beforehand, and no clock is lost.
// A number shown is the word of the one stream or, of more, half the sum of their signs: both are
// two's complement, and a word of 1 is minus.
// Handshake and pulses are those of the streams of words, which show beats in the same clocks, but
// for `start`, which is obeyed in the first beat of a step of BEATS beats and ignored elsewhere.
// `replay` returns to that beat, `rst` and `reseed` to the first of all: a step's words bring its
// rows again, so no copy is kept.

`resetall
`timescale 1ns/1ps
`default_nettype none

module outer_product #(
    parameter RANK = 1,       // 1, 2 or 4; streams of words
    parameter LANES = 31,     // 1 to 256
    parameter BEATS = 78,     // 2 to 2**24; beats of a step
    parameter MATRICES = 2,   // 1 to 256; those of one row not counted
    parameter LONGEST = 64,   // LANES to 2**24; the largest of COLUMNS
    parameter SPAN = 64,      // FIRST to 2**24 - 1, and no less than COLUMNS and GAPS
    parameter FIRST = 64,     // LANES to SPAN; weights before the second row of matrix 0
    // Of matrix k, entry k of 24 bits: columns; the beat of the weight behind its last one; and
    // weights from there to the second row of the next matrix, of the last one to the end of the
    // step and LANES more.
    parameter [MATRICES*24-1:0] COLUMNS = {24'd32, 24'd64},  // each LANES to LONGEST
    parameter [MATRICES*24-1:0] ENDS = {24'd77, 24'd66},     // each 1 to BEATS
    parameter [MATRICES*24-1:0] GAPS = {24'd49, 24'd64}      // each LANES to SPAN
) (
    input  wire                                   clk,
    input  wire                                   rst,
    input  wire                                   start,
    input  wire                                   replay,
    input  wire                                   reseed,
    output wire                                   words_start,
    input  wire                                   words_valid,
    output wire                                   words_ready,
    input  wire [RANK*LANES-1:0]                  words_data,  // stream 0 lowest
    output wire                                   out_valid,
    input  wire                                   out_ready,
    output wire [(RANK == 4 ? 3 : RANK)*LANES-1:0] out_data
);

    localparam WORD_BITS = (RANK == 4) ? 3 : RANK;
    localparam BEAT_BITS = $clog2(BEATS);
    localparam MATRIX_BITS = (MATRICES > 1) ? $clog2(MATRICES) : 1;
    localparam LEFT_BITS = $clog2(SPAN + 1);
    localparam [31:0] LAST_BEAT = BEATS - 1;
    localparam [31:0] FIRST_LEFT = FIRST;
    localparam [31:0] BEAT = LANES;

    reg  [BEAT_BITS-1:0]   beat_q;
    reg  [MATRIX_BITS-1:0] matrix_q;
    reg  [LEFT_BITS-1:0]   left_q;   // weights of the row that this beat begins in
    reg                    fresh_q;  // which is a first one, or in no matrix
    // Of each stream, stream 0 lowest:
    reg  [RANK-1:0]         factor_q; // u of that row
    reg  [RANK-1:0]         flip_q;   // u of that row times u of the one above
    reg  [RANK*LONGEST-1:0] line_q;   // the last signs shown, the latest in the highest bit

    wire accept = words_valid && out_ready;
    wire last = beat_q == LAST_BEAT[BEAT_BITS-1:0];
    wire again = rst || reseed || replay || (accept && last);

    assign words_start = start && beat_q == 0;
    assign words_ready = out_ready;
    assign out_valid = words_valid;

    // What is known of the matrix that the beat begins in or comes to next.
    wire [MATRICES-1:0]  here;
    wire [MATRICES-1:0]  ended;
    wire [LEFT_BITS-1:0] columns [0:MATRICES];
    wire [LEFT_BITS-1:0] gap [0:MATRICES];
    assign columns[0] = {LEFT_BITS{1'b0}};
    assign gap[0] = {LEFT_BITS{1'b0}};

    // The row that begins in this beat, if one does.
    wire                 turns = left_q < BEAT[LEFT_BITS-1:0];
    wire                 next_fresh = !fresh_q && |ended;
    wire [LEFT_BITS-1:0] length = next_fresh ? gap[MATRICES] : columns[MATRICES];
    wire [LEFT_BITS-1:0] left = left_q - BEAT[LEFT_BITS-1:0];

    wire [RANK-1:0]      factor;
    wire [RANK-1:0]      flip = factor ^ factor_q;

    wire [LANES-1:0]        begun; // the lane is in that row
    wire [LANES-1:0]        own;   // it shows the word in its place
    wire [RANK*LANES-1:0]   signs;
    wire [RANK*LONGEST-1:0] next_line;

    assign out_data = half_sums(signs);

    // Half the sums of signs: half their number, less a one for each that is minus.
    function [WORD_BITS*LANES-1:0] half_sums;
        input [RANK*LANES-1:0] each;
        integer lane;
        integer n;
        integer sum;
        for (lane = 0; lane < LANES; lane = lane + 1) begin
            sum = RANK / 2;
            for (n = 0; n < RANK; n = n + 1)
                sum = sum - {31'b0, each[n*LANES+lane]};
            half_sums[lane*WORD_BITS +: WORD_BITS] = sum[WORD_BITS-1:0];
        end
    endfunction

    genvar i;
    genvar k;
    generate
        for (i = 0; i < MATRICES; i = i + 1) begin : gen_matrix
            localparam [31:0] SIZE = {8'b0, COLUMNS[i*24 +: 24]};
            localparam [23:0] GAP = GAPS[i*24 +: 24];
            localparam [23:0] END = ENDS[i*24 +: 24];
            localparam [31:0] NUMBER = i;
            assign here[i] = matrix_q == NUMBER[MATRIX_BITS-1:0];
            assign columns[i+1] = columns[i] | ({LEFT_BITS{here[i]}} & SIZE[LEFT_BITS-1:0]);
            assign gap[i+1] = gap[i] | ({LEFT_BITS{here[i]}} & GAP[LEFT_BITS-1:0]);
            // END may be BEATS, which no beat is.
            assign ended[i] = here[i] && END[23:0] <= LAST_BEAT[23:0]
                            && beat_q == END[BEAT_BITS-1:0];
        end

        for (i = 0; i < LANES; i = i + 1) begin : gen_lane
            localparam [31:0] NUMBER = i;
            assign begun[i] = turns && left_q <= NUMBER[LEFT_BITS-1:0];
            assign own[i] = begun[i] ? next_fresh : fresh_q;
        end

        for (k = 0; k < RANK; k = k + 1) begin : gen_stream
            wire [LANES-1:0]   word = words_data[k*LANES +: LANES];
            wire [LONGEST-1:0] line = line_q[k*LONGEST +: LONGEST];
            wire [LANES-1:0]   above [0:MATRICES];
            assign above[0] = {LANES{1'b0}};
            assign factor[k] = word[LANES-1];

            for (i = 0; i < MATRICES; i = i + 1) begin : gen_above
                localparam integer WIDTH = {8'b0, COLUMNS[i*24 +: 24]};
                assign above[i+1] = above[i] | ({LANES{here[i]}} & line[LONGEST-WIDTH +: LANES]);
            end

            wire [LANES-1:0] turned = above[MATRICES]
                                    ^ ((begun & {LANES{flip[k]}}) | (~begun & {LANES{flip_q[k]}}));
            assign signs[k*LANES +: LANES] = (own & word) | (~own & turned);

            wire [LONGEST+LANES-1:0] shown = {signs[k*LANES +: LANES], line};
            wire                     unused = &{1'b0, shown[LANES-1:0]};
            assign next_line[k*LONGEST +: LONGEST] = shown[LANES +: LONGEST];
        end
    endgenerate

    always @(posedge clk) begin
        if (again) begin
            beat_q <= {BEAT_BITS{1'b0}};
            matrix_q <= {MATRIX_BITS{1'b0}};
            left_q <= FIRST_LEFT[LEFT_BITS-1:0];
            fresh_q <= 1'b1;
            factor_q <= {RANK{1'b0}};
        end else if (accept) begin
            beat_q <= beat_q + 1'b1;
            left_q <= turns ? left + length : left;
            if (turns) begin
                if (next_fresh)
                    matrix_q <= matrix_q + 1'b1;
                fresh_q <= next_fresh;
                factor_q <= next_fresh ? {RANK{1'b0}} : factor;
            end
        end
    end

    always @(posedge clk) begin
        if (accept) begin
            line_q <= next_line;
            if (turns)
                flip_q <= flip;
        end
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (RANK != 1 && RANK != 2 && RANK != 4) begin : gen_bad_rank
            outer_product_RANK_must_be_1_2_or_4 u_error ();
        end
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            outer_product_LANES_must_be_1_to_256 u_error ();
        end
        if (BEATS < 2 || BEATS > (1 << 24)) begin : gen_bad_beats
            outer_product_BEATS_must_be_2_to_16777216 u_error ();
        end
        if (MATRICES < 1 || MATRICES > 256) begin : gen_bad_matrices
            outer_product_MATRICES_must_be_1_to_256 u_error ();
        end
        if (LONGEST < LANES || LONGEST > SPAN) begin : gen_bad_longest
            outer_product_LONGEST_must_be_LANES_to_SPAN u_error ();
        end
        if (FIRST < LANES || FIRST > SPAN) begin : gen_bad_first
            outer_product_FIRST_must_be_LANES_to_SPAN u_error ();
        end
        if (SPAN >= (1 << 24)) begin : gen_bad_span
            outer_product_SPAN_must_be_below_16777216 u_error ();
        end
        for (i = 0; i < MATRICES; i = i + 1) begin : gen_check
            localparam integer WIDTH = {8'b0, COLUMNS[i*24 +: 24]};
            localparam integer GAP = {8'b0, GAPS[i*24 +: 24]};
            localparam integer END = {8'b0, ENDS[i*24 +: 24]};
            if (WIDTH < LANES || WIDTH > LONGEST) begin : gen_bad_columns
                outer_product_COLUMNS_must_be_LANES_to_LONGEST u_error ();
            end
            if (END < 1 || END > BEATS) begin : gen_bad_ends
                outer_product_ENDS_must_be_1_to_BEATS u_error ();
            end
            if (GAP < LANES || GAP > SPAN) begin : gen_bad_gaps
                outer_product_GAPS_must_be_LANES_to_SPAN u_error ();
            end
        end
    endgenerate

endmodule

`resetall
