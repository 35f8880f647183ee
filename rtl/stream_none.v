// SPDX-License-Identifier: Apache-2.0
//
// Reuse strategy `none`: one generator a lane, or one for every GROUP lanes; LANES words a beat.
//
// out_data shows the words of the present states, lane 0 in the least significant bits; a beat is
// accepted when out_valid and out_ready are high, and the next one follows at once. `start` keeps
// the states of the beat shown; `replay` restores them at the next clock. Priority: rst, reseed,
// replay, start. The first beat after rst or a reseed is kept without `start`.
// With HAS_RESEED, `reseed` lowers out_valid and the host loads a state a generator over
// load_valid/load_ready, lane 0 first: they shift in at the highest lane, one a clock, and
// out_valid returns after the last; other pulses are ignored meanwhile. Without HAS_RESEED the load
// ports cost nothing.
// With LOCKUP_RECOVERY a generator in the state of zeros, in which it stands still, is set to its
// part of SEEDS when a beat is accepted, so that at most one beat shows that state.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_none #(
    parameter KIND = "lfsr",   // a family of generator.v
    parameter BIT_WIDTH = 8,   // as the family allows
    parameter STATE_BITS = 8,  // as the family allows
    parameter LEAP = 1,        // as the family allows
    parameter LANES = 31,      // 1 to 256
    parameter GROUP = 1,       // lanes a generator, 1 to LANES; above 1 as the family allows
    parameter HAS_RESEED = 0,  // 0 or 1
    // State bits that the registers hold inverted. Words show their sign bit inverted; where that
    // is a state bit, the logic that computes it inverts it for nothing.
    parameter [STATE_BITS-1:0] INVERTED = 0,  // any
    parameter ZERO_IS_LEGAL = 0,  // 0 or 1; 1: the family has no state that never changes
    parameter LOCKUP_RECOVERY = 0,  // 0 or 1; 0 with ZERO_IS_LEGAL
    // States after rst, lane 0 lowest: one for every GROUP lanes, the last for the rest; none zero
    // unless ZERO_IS_LEGAL.
    parameter [(LANES+GROUP-1)/GROUP*STATE_BITS-1:0] SEEDS =
        {((LANES+GROUP-1)/GROUP*STATE_BITS){1'b1}}
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
    output wire [LANES*BIT_WIDTH-1:0] out_data
);

    localparam UNITS = (LANES + GROUP - 1) / GROUP;
    localparam [UNITS*STATE_BITS-1:0] STORED = {UNITS{INVERTED}};

    wire loading;
    wire first;  // the first beat of a reseed, which is kept, so that a replay stays at it
    wire load   = loading && load_valid;
    wire accept = out_valid && out_ready && !(first && replay);

    assign load_ready = loading;
    assign out_valid  = !loading && !rst;

    reg  [UNITS*STATE_BITS-1:0] state_q;
    reg  [UNITS*STATE_BITS-1:0] kept_q;
    wire [UNITS*STATE_BITS-1:0] state = state_q ^ STORED;
    wire [UNITS*STATE_BITS-1:0] next_state;
    wire [UNITS*STATE_BITS-1:0] shifted;

    wire [UNITS-1:0] locked;  // generators that an accepted beat leaves in the state of zeros

    wire [UNITS*GROUP*BIT_WIDTH-1:0] words;
    assign out_data = words[LANES*BIT_WIDTH-1:0];

    genvar unit;
    generate
        for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
            generator #(
                .KIND(KIND), .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .LEAP(LEAP),
                .GROUP(GROUP)
            ) u_generator (
                .state(state[unit*STATE_BITS +: STATE_BITS]),
                .next_state(next_state[unit*STATE_BITS +: STATE_BITS]),
                .word(words[unit*GROUP*BIT_WIDTH +: GROUP*BIT_WIDTH])
            );

            if (LOCKUP_RECOVERY != 0) begin : gen_lockup
                assign locked[unit] = accept && !replay
                                   && state[unit*STATE_BITS +: STATE_BITS] == 0;
            end else begin : gen_no_lockup
                assign locked[unit] = 1'b0;
            end
        end

        if (UNITS*GROUP > LANES) begin : gen_surplus
            wire unused = &{1'b0, words[UNITS*GROUP*BIT_WIDTH-1:LANES*BIT_WIDTH]};
        end

        if (UNITS > 1) begin : gen_chain
            assign shifted = {load_data, state[UNITS*STATE_BITS-1:STATE_BITS]};
        end else begin : gen_single
            assign shifted = load_data;
        end

        if (HAS_RESEED != 0) begin : gen_reseed
            reseed_control #(.WORDS(UNITS)) u_control (
                .clk(clk), .rst(rst), .reseed(reseed), .load(load), .loading_q(loading),
                .first_q(first));
        end else begin : gen_no_reseed
            wire unused = &{1'b0, reseed};
            assign loading = 1'b0;
            assign first = 1'b0;
        end
    endgenerate

    integer i;
    always @(posedge clk) begin
        if (rst)
            state_q <= SEEDS ^ STORED;
        else if (load)
            state_q <= shifted ^ STORED;
        else if (replay && !loading && !first)
            state_q <= kept_q;
        else if (accept)
            state_q <= next_state ^ STORED;
        if (LOCKUP_RECOVERY != 0)
            for (i = 0; i < UNITS; i = i + 1)
                if (locked[i])
                    state_q[i*STATE_BITS +: STATE_BITS] <= SEEDS[i*STATE_BITS +: STATE_BITS]
                                                         ^ INVERTED;
    end

    always @(posedge clk) begin
        if (rst)
            kept_q <= SEEDS ^ STORED;
        else if (first || (start && !replay && !loading))
            kept_q <= state_q;
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            stream_none_LANES_must_be_1_to_256 u_error ();
        end
        if (GROUP < 1 || GROUP > LANES) begin : gen_bad_group
            stream_none_GROUP_must_be_1_to_LANES u_error ();
        end
        if (HAS_RESEED != 0 && HAS_RESEED != 1) begin : gen_bad_has_reseed
            stream_none_HAS_RESEED_must_be_0_or_1 u_error ();
        end
        if (ZERO_IS_LEGAL != 0 && ZERO_IS_LEGAL != 1) begin : gen_bad_zero_is_legal
            stream_none_ZERO_IS_LEGAL_must_be_0_or_1 u_error ();
        end
        if (LOCKUP_RECOVERY != 0 && (LOCKUP_RECOVERY != 1 || ZERO_IS_LEGAL != 0))
        begin : gen_bad_lockup_recovery
            stream_none_LOCKUP_RECOVERY_must_be_0_or_1_and_0_with_ZERO_IS_LEGAL u_error ();
        end
        for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_seed
            if (ZERO_IS_LEGAL == 0 && SEEDS[unit*STATE_BITS +: STATE_BITS] == 0)
            begin : gen_bad
                stream_none_SEEDS_must_not_be_0_in_any_lane u_error ();
            end
        end
    endgenerate

endmodule

`resetall
