// SPDX-License-Identifier: Apache-2.0
//
// Fills rows of a pool: one generator makes a word a clock, lane 0 first, and after LANES of them
// `filled` is high with the last word, when `row` is complete. The row's scale exponent
// stands in its top EXPONENT_BITS bits: the number of THRESHOLDS that the sum of (2 w + HALF)**2
// over the row does not exceed.
// With LOCKUP_RECOVERY the state of zeros, in which the generator stands still, is followed by
// SEED.

`resetall
`timescale 1ns/1ps
`default_nettype none

module pool_filler #(
    parameter KIND = "lfsr",       // a family of generator.v
    parameter BIT_WIDTH = 8,       // as the family allows
    parameter STATE_BITS = 8,      // as the family allows
    parameter LEAP = 1,            // as the family allows
    parameter LANES = 31,          // 1 to 256
    parameter HALF = 0,            // 0 or 1; 1: a word w stands for w + 1/2
    parameter EXPONENT_BITS = 0,   // 0 to 6; 0: rows have no exponent
    parameter SUM_BITS = 32,       // 2*BIT_WIDTH+5 and more, to hold LANES * 4**BIT_WIDTH
                                   // (or unused); bits of a sum
    parameter THRESHOLD_COUNT = 1, // 1 to 2**EXPONENT_BITS - 1, or unused
    parameter [THRESHOLD_COUNT*SUM_BITS-1:0] THRESHOLDS = 0,  // any; threshold 0 lowest
    parameter LOCKUP_RECOVERY = 0, // 0 or 1
    parameter [STATE_BITS-1:0] SEED = 1  // not zero, or unused
) (
    input  wire                                     clk,
    input  wire                                     load,
    input  wire [STATE_BITS-1:0]                    load_data,
    input  wire                                     fill,
    output wire                                     filled,
    output wire [LANES*BIT_WIDTH+EXPONENT_BITS-1:0] row
);

    localparam LANE_BITS = (LANES > 1) ? $clog2(LANES) : 1;
    localparam [31:0] LAST_LANE = LANES - 1;

    reg  [STATE_BITS-1:0] state_q;
    reg  [LANE_BITS-1:0]  lane_q;
    wire [STATE_BITS-1:0] next_state;
    wire [BIT_WIDTH-1:0]  word;
    wire [LANES*BIT_WIDTH-1:0] words;
    wire locked;  // the state is that of zeros

    generator #(
        .KIND(KIND), .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .LEAP(LEAP)
    ) u_generator (
        .state(state_q), .next_state(next_state), .word(word));

    assign filled = lane_q == LAST_LANE[LANE_BITS-1:0];

    always @(posedge clk) begin
        if (load) begin
            state_q <= load_data;
            lane_q <= {LANE_BITS{1'b0}};
        end else if (fill) begin
            state_q <= next_state;
            lane_q <= filled ? {LANE_BITS{1'b0}} : lane_q + 1'b1;
        end
        if (locked && fill && !load)
            state_q <= SEED;
    end

    genvar i;
    generate
        if (LANES > 1) begin : gen_gather
            // Words enter at the top and move down, so the first ends in lane 0.
            reg [(LANES-1)*BIT_WIDTH-1:0] gathered_q;
            assign words = {word, gathered_q};
            always @(posedge clk)
                if (fill)
                    gathered_q <= words[LANES*BIT_WIDTH-1:BIT_WIDTH];
        end else begin : gen_one
            assign words = word;
        end

        if (EXPONENT_BITS == 0) begin : gen_no_exponent
            assign row = words;
        end else begin : gen_exponent
            // |2 w + HALF| is at most 2**BIT_WIDTH.
            wire signed [BIT_WIDTH+1:0]   doubled = {word[BIT_WIDTH-1], word, HALF != 0};
            wire signed [2*BIT_WIDTH+3:0] square = doubled * doubled;
            reg  [SUM_BITS-1:0] sum_q;
            wire [SUM_BITS-1:0] sum = sum_q + {{(SUM_BITS-2*BIT_WIDTH-4){1'b0}}, square};
            wire [THRESHOLD_COUNT-1:0] reached;
            reg  [EXPONENT_BITS-1:0] exponent;
            integer k;

            always @(posedge clk)
                if (load || (fill && filled))
                    sum_q <= {SUM_BITS{1'b0}};
                else if (fill)
                    sum_q <= sum;

            for (i = 0; i < THRESHOLD_COUNT; i = i + 1) begin : gen_threshold
                assign reached[i] = sum <= THRESHOLDS[i*SUM_BITS +: SUM_BITS];
            end

            always @* begin
                exponent = {EXPONENT_BITS{1'b0}};
                for (k = 0; k < THRESHOLD_COUNT; k = k + 1)
                    exponent = exponent + {{(EXPONENT_BITS-1){1'b0}}, reached[k]};
            end

            assign row = {exponent, words};
        end

        if (LOCKUP_RECOVERY != 0) begin : gen_lockup
            assign locked = state_q == 0;
        end else begin : gen_no_lockup
            wire unused = &{1'b0, SEED};
            assign locked = 1'b0;
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            pool_filler_LANES_must_be_1_to_256 u_error ();
        end
        if (HALF != 0 && HALF != 1) begin : gen_bad_half
            pool_filler_HALF_must_be_0_or_1 u_error ();
        end
        if (LOCKUP_RECOVERY != 0 && LOCKUP_RECOVERY != 1) begin : gen_bad_lockup_recovery
            pool_filler_LOCKUP_RECOVERY_must_be_0_or_1 u_error ();
        end
        if (LOCKUP_RECOVERY != 0 && SEED == 0) begin : gen_bad_seed
            pool_filler_SEED_must_not_be_0 u_error ();
        end
        if (EXPONENT_BITS < 0 || EXPONENT_BITS > 6) begin : gen_bad_exponent_bits
            pool_filler_EXPONENT_BITS_must_be_0_to_6 u_error ();
        end
        if (EXPONENT_BITS > 0 && SUM_BITS < 2 * BIT_WIDTH + 5) begin : gen_bad_sum_bits
            pool_filler_SUM_BITS_must_be_twice_BIT_WIDTH_plus_5_or_more u_error ();
        end
        // A row's sum reaches LANES * 2**(2*BIT_WIDTH).
        if (EXPONENT_BITS > 0 && SUM_BITS > 2 * BIT_WIDTH
            && (LANES >> (SUM_BITS - 2 * BIT_WIDTH)) != 0)
        begin : gen_bad_sum
            pool_filler_SUM_BITS_must_hold_the_squares_of_all_LANES u_error ();
        end
        if (THRESHOLD_COUNT < 1 || (EXPONENT_BITS > 0 && THRESHOLD_COUNT >= (1 << EXPONENT_BITS)))
        begin : gen_bad_threshold_count
            pool_filler_THRESHOLD_COUNT_must_be_1_to_what_EXPONENT_BITS_hold u_error ();
        end
    endgenerate

endmodule

`resetall
