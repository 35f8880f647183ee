// SPDX-License-Identifier: Apache-2.0
//
// Reuse strategy `bank`: LANES lfsrs of one polynomial; after every full period all states move
// one lane down, so that lane j continues generator j + 1 (PeZO, arXiv 2504.20314, on-the-fly
// reuse with rotation).
//
// Moving the states costs one multiplexer a bit where a barrel shifter of the words would cost
// several. Handshake and pulses as in stream_none.v. With HAS_RESEED the host loads LANES states
// along the same path, so each load also steps every lane: word i of the load must be the state of
// lane i taken LANES - 1 - i clocks back. With EXPONENT_BITS > 0 and HAS_RESEED, the 2**STATE_BITS
// - 1 table entries of the new states follow, in the order of the beats; all this is then loaded
// after rst as well, for rst does not restore a memory.
// out_exponent is the scale exponent of the beat, from a table by position in the period.
// With LOCKUP_RECOVERY a lane in the state of zeros is set to its part of SEEDS when a beat is
// accepted; a rotation moves zeros one lane down first, so that at most two beats show them. The
// count of the period, in the state of zeros, is back at the first beat at the next clock.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_bank #(
    parameter BIT_WIDTH = 8,          // 1 to STATE_BITS
    parameter STATE_BITS = 8,         // 3 to 32
    parameter LEAP = 1,               // 1 to 64, coprime to 2**STATE_BITS - 1
    parameter LANES = 31,             // 1 to 256, at most 2**STATE_BITS - 1
    parameter HAS_RESEED = 0,         // 0 or 1
    parameter [STATE_BITS-1:0] INVERTED = 0,  // any, as in stream_none.v
    parameter EXPONENT_BITS = 0,      // 0 to 6, above 0 with STATE_BITS up to 12;
                                      // 0: the exponent is EXPONENT_BASE throughout
    parameter LOCKUP_RECOVERY = 0,    // 0 or 1
    parameter [5:0] EXPONENT_BASE = 0,  // two's complement
    parameter EXPONENT_FILE = "",     // name of a file of entries by state of period_counter.v
    // States after rst, lane 0 lowest; none zero.
    parameter [LANES*STATE_BITS-1:0] SEEDS = {(LANES*STATE_BITS){1'b1}}
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       start,
    input  wire                       replay,
    input  wire                       reseed,
    input  wire                       load_valid,
    output wire                       load_ready,
    input  wire [STATE_BITS-1:0]      load_data,
    output wire                       out_valid,
    input  wire                       out_ready,
    output wire [LANES*BIT_WIDTH-1:0] out_data,
    output wire [5:0]                 out_exponent
);

    localparam TABLE_WORDS = (EXPONENT_BITS > 0) ? (1 << STATE_BITS) - 1 : 0;

    wire loading;
    wire loading_table;
    wire load       = loading && load_valid;
    wire load_state = load && !loading_table;
    wire first;  // the first beat of a reseed, which is kept, so that a replay stays at it
    wire accept     = out_valid && out_ready && !(first && replay);
    wire keep       = first || (start && !replay && !loading);
    wire restore    = replay && !loading && !first;
    wire last;
    wire rotate     = loading || last;
    wire lost;  // the count of the period stands still

    assign load_ready = loading;
    assign out_valid  = !loading && !rst;

    localparam [LANES*STATE_BITS-1:0] STORED = {LANES{INVERTED}};

    reg  [LANES*STATE_BITS-1:0] state_q;
    reg  [LANES*STATE_BITS-1:0] kept_q;
    wire [LANES*STATE_BITS-1:0] state = state_q ^ STORED;
    wire [STATE_BITS-1:0]       count;
    wire [STATE_BITS-1:0]       next_count;
    wire [STATE_BITS+5:0]       entry = {6'b0, load_data};
    wire unused_entry = &{1'b0, entry};  // the bits above an exponent's

    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
            if (SEEDS[lane*STATE_BITS +: STATE_BITS] == 0) begin : gen_bad_seeds
                stream_bank_SEEDS_must_not_be_0_in_any_lane u_error ();
            end

            wire [STATE_BITS-1:0] own = state_q[lane*STATE_BITS +: STATE_BITS];
            wire [STATE_BITS-1:0] above = state_q[((lane+1)%LANES)*STATE_BITS +: STATE_BITS];

            wire [STATE_BITS-1:0] next_state;

            bank_lane #(.STATE_BITS(STATE_BITS), .LEAP(LEAP), .INVERTED(INVERTED)) u_lane (
                .rotate(rotate), .restore(restore), .own(own), .above(above),
                .kept(kept_q[lane*STATE_BITS +: STATE_BITS]), .next_state(next_state));
            if (BIT_WIDTH < STATE_BITS) begin : gen_word
                uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                    .state(state[lane*STATE_BITS +: STATE_BITS]),
                    .word(out_data[lane*BIT_WIDTH +: BIT_WIDTH]));
            end

            wire locked;  // an accepted beat leaves the lane in the state of zeros
            if (LOCKUP_RECOVERY != 0) begin : gen_lockup
                assign locked = accept && !replay && !last && own == INVERTED;
            end else begin : gen_no_lockup
                assign locked = 1'b0;
            end

            always @(posedge clk) begin
                if (rst)
                    state_q[lane*STATE_BITS +: STATE_BITS] <=
                        SEEDS[lane*STATE_BITS +: STATE_BITS] ^ INVERTED;
                else if (load_state && lane == LANES - 1)
                    state_q[lane*STATE_BITS +: STATE_BITS] <= load_data ^ INVERTED;
                else if (load_state || restore || accept)
                    state_q[lane*STATE_BITS +: STATE_BITS] <= next_state;
                if (locked)
                    state_q[lane*STATE_BITS +: STATE_BITS] <=
                        SEEDS[lane*STATE_BITS +: STATE_BITS] ^ INVERTED;
            end
        end

        // All words at once where nothing lies below them, which simulators like.
        if (BIT_WIDTH == STATE_BITS) begin : gen_whole
            localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);
            assign out_data = state ^ {LANES{SIGN}};
        end

        if (HAS_RESEED != 0) begin : gen_reseed
            reseed_control #(
                .WORDS(LANES + TABLE_WORDS), .AFTER_RESET(TABLE_WORDS != 0)
            ) u_control (
                .clk(clk), .rst(rst), .reseed(reseed), .load(load), .loading_q(loading),
                .first_q(first));
        end else begin : gen_no_reseed
            wire unused = &{1'b0, reseed};
            assign loading = 1'b0;
            assign first = 1'b0;
        end

        if (HAS_RESEED != 0 && TABLE_WORDS != 0) begin : gen_table_load
            wire loading_states;
            wire unused_first;
            reseed_control #(.WORDS(LANES), .AFTER_RESET(1)) u_states (
                .clk(clk), .rst(rst), .reseed(reseed && !loading), .load(load),
                .loading_q(loading_states), .first_q(unused_first));
            assign loading_table = loading && !loading_states;
        end else begin : gen_no_table_load
            assign loading_table = 1'b0;
        end

        if (LOCKUP_RECOVERY != 0) begin : gen_lost
            assign lost = count == 0;
        end else begin : gen_not_lost
            assign lost = 1'b0;
        end
    endgenerate

    always @(posedge clk) begin
        if (rst)
            kept_q <= SEEDS ^ STORED;
        else if (keep)
            kept_q <= state_q;
    end

    // While states load the count waits at the first beat; the table entries then walk it once
    // round, back to the first.
    period_counter #(.STATE_BITS(STATE_BITS)) u_count (
        .clk(clk), .clear(rst || load_state || lost), .start(keep), .replay(restore),
        .accept(accept || (load && loading_table)), .last(last), .count(count),
        .next_count(next_count));

    exponent_table #(
        .ADDRESS_BITS(STATE_BITS), .BITS(EXPONENT_BITS), .BASE(EXPONENT_BASE),
        .FILE(EXPONENT_FILE), .WRITABLE(HAS_RESEED)
    ) u_exponent (
        .clk(clk), .next_address(next_count), .write(load && loading_table),
        .write_address(count), .write_data(entry[5:0]), .exponent(out_exponent));

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > STATE_BITS) begin : gen_bad_bit_width
            stream_bank_BIT_WIDTH_must_be_1_to_STATE_BITS u_error ();
        end
        if (STATE_BITS < 3 || STATE_BITS > 32) begin : gen_bad_state_bits
            stream_bank_STATE_BITS_must_be_3_to_32 u_error ();
        end
        if (LEAP < 1 || LEAP > 64) begin : gen_bad_leap
            stream_bank_LEAP_must_be_1_to_64 u_error ();
        end
        if (LANES < 1 || LANES > 256 || (STATE_BITS < 9 && LANES >= (1 << STATE_BITS)))
        begin : gen_bad_lanes
            stream_bank_LANES_must_be_1_to_256_and_fewer_than_states u_error ();
        end
        if (HAS_RESEED != 0 && HAS_RESEED != 1) begin : gen_bad_has_reseed
            stream_bank_HAS_RESEED_must_be_0_or_1 u_error ();
        end
        if (LOCKUP_RECOVERY != 0 && LOCKUP_RECOVERY != 1) begin : gen_bad_lockup_recovery
            stream_bank_LOCKUP_RECOVERY_must_be_0_or_1 u_error ();
        end
        if (EXPONENT_BITS < 0 || EXPONENT_BITS > 6) begin : gen_bad_exponent_bits
            stream_bank_EXPONENT_BITS_must_be_0_to_6 u_error ();
        end
    endgenerate

endmodule

`resetall
