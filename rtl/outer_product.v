// SPDX-License-Identifier: Apache-2.0
//
// Structured directions: of each weight matrix an outer product of signs (LOZO, arXiv 2410.07698;
// EGGROLL, arXiv 2511.16652), made of a stream of one-bit words, beat by beat.
//
// Weights that are in no matrix and those of a matrix's first row, its column vector, show the word
// in their place. Each other row is the one above it times a sign: row r is the column vector times
// u_r, which is the word in the last lane of the beat in which the row begins, so that a weight is
// the one COLUMNS before it times u_(r-1) u_r. A beat of the stream of words is taken with each
// beat shown; nothing is filled beforehand, and no clock is lost.
// Handshake and pulses are those of the stream of words, but for `start`, which is obeyed in the
// first beat of a step of BEATS beats and ignored elsewhere. `replay` returns to that beat, `rst`
// and `reseed` to the first of all: a step's words bring its rows again, so no copy is kept.

`resetall
`timescale 1ns/1ps
`default_nettype none

module outer_product #(
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
    input  wire             clk,
    input  wire             rst,
    input  wire             start,
    input  wire             replay,
    input  wire             reseed,
    output wire             words_start,
    input  wire             words_valid,
    output wire             words_ready,
    input  wire [LANES-1:0] words_data,
    output wire             out_valid,
    input  wire             out_ready,
    output wire [LANES-1:0] out_data
);

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
    reg                    factor_q; // u of that row
    reg                    flip_q;   // u of that row times u of the one above
    reg  [LONGEST-1:0]     line_q;   // the last weights shown, the latest in the highest bit

    wire accept = words_valid && out_ready;
    wire last = beat_q == LAST_BEAT[BEAT_BITS-1:0];
    wire again = rst || reseed || replay || (accept && last);

    assign words_start = start && beat_q == 0;
    assign words_ready = out_ready;
    assign out_valid = words_valid;

    // What is known of the matrix that the beat begins in or comes to next.
    wire [LANES-1:0]     above [0:MATRICES];
    wire [LEFT_BITS-1:0] columns [0:MATRICES];
    wire [LEFT_BITS-1:0] gap [0:MATRICES];
    wire [MATRICES-1:0]  ended;
    assign above[0] = {LANES{1'b0}};
    assign columns[0] = {LEFT_BITS{1'b0}};
    assign gap[0] = {LEFT_BITS{1'b0}};

    // The row that begins in this beat, if one does.
    wire                 turns = left_q < BEAT[LEFT_BITS-1:0];
    wire                 next_fresh = !fresh_q && |ended;
    wire                 factor = words_data[LANES-1];
    wire                 flip = factor ^ factor_q;
    wire [LEFT_BITS-1:0] length = next_fresh ? gap[MATRICES] : columns[MATRICES];
    wire [LEFT_BITS-1:0] left = left_q - BEAT[LEFT_BITS-1:0];

    wire [LONGEST+LANES-1:0] shown = {out_data, line_q};
    wire                     unused = &{1'b0, shown[LANES-1:0]};

    genvar i;
    generate
        for (i = 0; i < MATRICES; i = i + 1) begin : gen_matrix
            localparam integer WIDTH = {8'b0, COLUMNS[i*24 +: 24]};
            localparam [23:0] GAP = GAPS[i*24 +: 24];
            localparam [23:0] END = ENDS[i*24 +: 24];
            localparam [31:0] NUMBER = i;
            localparam [31:0] SIZE = WIDTH;
            wire here = matrix_q == NUMBER[MATRIX_BITS-1:0];
            assign above[i+1] = above[i] | ({LANES{here}} & line_q[LONGEST-WIDTH +: LANES]);
            assign columns[i+1] = columns[i] | ({LEFT_BITS{here}} & SIZE[LEFT_BITS-1:0]);
            assign gap[i+1] = gap[i] | ({LEFT_BITS{here}} & GAP[LEFT_BITS-1:0]);
            // END may be BEATS, which no beat is.
            assign ended[i] = here && END[23:0] <= LAST_BEAT[23:0]
                            && beat_q == END[BEAT_BITS-1:0];
        end

        for (i = 0; i < LANES; i = i + 1) begin : gen_lane
            localparam [31:0] NUMBER = i;
            wire begun = turns && left_q <= NUMBER[LEFT_BITS-1:0];  // the lane is in the new row
            wire own = begun ? next_fresh : fresh_q;
            assign out_data[i] = own ? words_data[i]
                                     : above[MATRICES][i] ^ (begun ? flip : flip_q);
        end
    endgenerate

    always @(posedge clk) begin
        if (again) begin
            beat_q <= {BEAT_BITS{1'b0}};
            matrix_q <= {MATRIX_BITS{1'b0}};
            left_q <= FIRST_LEFT[LEFT_BITS-1:0];
            fresh_q <= 1'b1;
            factor_q <= 1'b0;
        end else if (accept) begin
            beat_q <= beat_q + 1'b1;
            left_q <= turns ? left + length : left;
            if (turns) begin
                if (next_fresh)
                    matrix_q <= matrix_q + 1'b1;
                fresh_q <= next_fresh;
                factor_q <= factor && !next_fresh;
            end
        end
    end

    always @(posedge clk) begin
        if (accept) begin
            line_q <= shown[LANES +: LONGEST];
            if (turns)
                flip_q <= flip;
        end
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
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
