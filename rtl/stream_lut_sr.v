// SPDX-License-Identifier: Apache-2.0
//
// Reuse strategy `none` of LUT-SR generators: stream_none.v for a state in shift registers.
//
// Handshake and pulses as in stream_none.v, with clocks without a beat, for a shift register takes
// one bit a clock: 17 after rst and after the last load of a reseed, in which each generator makes
// its state of a word (the low 32 bits of its part of SEEDS or of load_data), all pulses but rst
// and reseed ignored; and 1 to 15 after a `start` that follows the last start or replay by as many
// beats, in which the registers that are kept take these beats, `start` ignored. A replay costs no
// clock.
// With LOCKUP_RECOVERY beats are counted in windows of 17. A generator whose 17 words are all zero
// stands still in the state of zeros: its next word is its part of SEEDS, of which it makes its
// state in 16 beats, which show that; then comes what comes after rst. So at most 34 beats show
// zeros.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_lut_sr #(
    parameter BIT_WIDTH = 8,     // 1 to 24
    parameter STATE_BITS = 521,  // 521; width of a word to load, of which 32 bits are used
    parameter LANES = 31,        // 1 to 256
    parameter GROUP = 1,         // 1 to 32 / BIT_WIDTH, lanes a generator
    parameter HAS_RESEED = 0,    // 0 or 1
    parameter LOCKUP_RECOVERY = 0,  // 0 or 1
    // Words to start from after rst, not zero, the first generator's lowest.
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
    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    // Sign bits of the words of a generator, which are on top of its 32 bits.
    function [31:0] signs;
        input integer first;
        integer lane;
        begin
            signs = 32'd0;
            for (lane = first; lane < GROUP; lane = lane + 1)
                signs = signs | (32'h8000_0000 >> (lane * BIT_WIDTH));
        end
    endfunction

    wire loading;
    wire load = loading && load_valid;
    wire reseed_taken = reseed && HAS_RESEED != 0 && !loading;

    reg       expanding_q;  // states are made of words
    reg       recovering_q; // the kept registers take the beats since the last start
    reg       kept_one_q;   // register 1 is the one that is kept
    reg       accepted_q;   // the beat of the start was accepted
    reg       replayed_q;   // a replay came while recovering
    reg [4:0] age_q;        // beats since the last start or replay, at most 16

    wire full   = age_q[4];
    wire idle   = !loading && !expanding_q && !recovering_q;
    wire accept = out_valid && out_ready;
    wire start_taken = start && !replay && idle;
    wire restore = replay && !loading && !expanding_q;
    wire expand = expanding_q && !loading;
    wire expanded = expand && full;  // kept as by a start
    wire swap   = (start_taken && full) || expanded;  // of the kept and the live registers
    wire recovered = recovering_q && age_q == {4'd0, accepted_q} + 5'd1;
    wire step   = accept || (expand && !full);

    assign load_ready = loading;
    assign out_valid  = idle && !rst;

    always @(posedge clk) begin
        expanding_q <= rst || reseed_taken || (expanding_q && !expanded);
        recovering_q <= !rst && !reseed_taken
                     && ((start_taken && !full && age_q != 5'd0) || (recovering_q && !recovered));
        if (start_taken)
            accepted_q <= accept;
        replayed_q <= recovering_q && (replayed_q || restore);
    end

    always @(posedge clk) begin
        if (rst)
            kept_one_q <= 1'b0;
        else if (swap)
            kept_one_q <= !kept_one_q;
    end

    always @(posedge clk) begin
        if (rst || reseed_taken)
            age_q <= 5'd0;
        else if (recovering_q)
            age_q <= (recovered && (replayed_q || restore)) ? 5'd0 : age_q - 5'd1;
        else if (restore || expanded)
            age_q <= 5'd0;
        else if (swap)
            age_q <= {4'd0, accept};
        else if (step && !full)
            age_q <= age_q + 5'd1;
    end

    // A kept register is read at the index of the age, a live one at its end or, in recovery, at
    // the bit that is copied.
    wire [3:0] age        = age_q[3:0];
    wire [3:0] kept_early = 4'd14 - age;
    wire [3:0] kept_late  = 4'd15 - age;
    wire [3:0] live_early = recovering_q ? age - 4'd1 : 4'd14;
    wire [3:0] live_late  = recovering_q ? age - 4'd1 : 4'd15;
    wire [15:0] addresses = kept_one_q ? {kept_late, live_late, kept_early, live_early}
                                       : {live_late, kept_late, live_early, kept_early};
    wire read_late  = !recovering_q && !full;
    wire read_early = !recovering_q && !full && age != 4'd15;
    wire [1:0] pick = {2{!kept_one_q}} ^ {read_late, read_early};

    wire shifts_one = kept_one_q == (recovering_q || swap);
    wire [1:0] shift = {2{recovering_q || step}} & {shifts_one, !shifts_one};

    wire [UNITS-1:0] locked; // generators that an accepted beat leaves in the state of zeros
    wire [UNITS-1:0] anew;   // those that make their state of a word, beat by beat

    wire [UNITS*32-1:0] states;
    wire [UNITS*GROUP*BIT_WIDTH-1:0] words;
    assign out_data = words[LANES*BIT_WIDTH-1:0];

    genvar unit, i;
    generate
        for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
            wire [31:0] loaded;

            if (unit + 1 < UNITS) begin : gen_chain
                assign loaded = states[(unit+1)*32 +: 32];
            end else begin : gen_top
                assign loaded = load_data[31:0];
            end

            lut_sr #(
                .SEED(SEEDS[unit*STATE_BITS +: 32]), .INVERTED(signs(0))
            ) u_lut_sr (
                .clk(clk), .rst(rst || locked[unit]), .load(load), .load_data(loaded),
                .advance(step), .expand(expand || anew[unit]), .restore(restore),
                .keep(start_taken || expanded), .recover(recovering_q), .shift(shift),
                .pick(pick), .addresses(addresses), .word(states[unit*32 +: 32])
            );

            for (i = 0; i < GROUP; i = i + 1) begin : gen_word
                assign words[(unit*GROUP+i)*BIT_WIDTH +: BIT_WIDTH]
                    = states[unit*32+31-i*BIT_WIDTH -: BIT_WIDTH] ^ SIGN;
            end
        end

        if (GROUP*BIT_WIDTH < 32) begin : gen_unshown
            wire unused = &{1'b0, states[31-GROUP*BIT_WIDTH:0]};
        end

        if (UNITS*GROUP > LANES) begin : gen_surplus
            wire unused = &{1'b0, words[UNITS*GROUP*BIT_WIDTH-1:LANES*BIT_WIDTH]};
        end

        if (HAS_RESEED != 0) begin : gen_reseed
            wire unused_first;  // the expansion keeps the first beat
            wire unused = &{1'b0, load_data[STATE_BITS-1:32]};
            reseed_control #(.WORDS(UNITS)) u_control (
                .clk(clk), .rst(rst), .reseed(reseed), .load(load), .loading_q(loading),
                .first_q(unused_first));
        end else begin : gen_no_reseed
            wire unused = &{1'b0, load_data};
            assign loading = 1'b0;
        end

        if (LOCKUP_RECOVERY != 0) begin : gen_lockup
            localparam [4:0] LAST = 5'd16;

            // Of the window: beats, generators that showed a one, and those that expand a word;
            // and all this as it was at the last start, for a replay.
            reg  [4:0]       beats_q;
            reg  [4:0]       kept_beats_q;
            reg  [UNITS-1:0] seen_q;
            reg  [UNITS-1:0] kept_seen_q;
            reg  [UNITS-1:0] anew_q;
            reg  [UNITS-1:0] kept_anew_q;
            wire [UNITS-1:0] ones;
            wire [UNITS-1:0] seen = seen_q | ones;
            wire             ends = beats_q >= LAST;

            for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_ones
                assign ones[unit] = |states[unit*32 +: 32];
            end

            assign locked = ~seen & {UNITS{accept && !restore && ends}};
            assign anew = anew_q & {UNITS{!ends}};

            always @(posedge clk) begin
                if (expanding_q) begin
                    beats_q <= 5'd0;
                    seen_q  <= {UNITS{1'b0}};
                    anew_q  <= {UNITS{1'b0}};
                end else if (restore) begin
                    beats_q <= kept_beats_q;
                    seen_q  <= kept_seen_q;
                    anew_q  <= kept_anew_q;
                end else if (accept) begin
                    beats_q <= ends ? 5'd0 : beats_q + 5'd1;
                    seen_q  <= ends ? {UNITS{1'b0}} : seen;
                    anew_q  <= ends ? locked : anew_q;
                end
            end

            always @(posedge clk) begin
                if (expanding_q) begin
                    kept_beats_q <= 5'd0;
                    kept_seen_q  <= {UNITS{1'b0}};
                    kept_anew_q  <= {UNITS{1'b0}};
                end else if (start_taken) begin
                    kept_beats_q <= beats_q;
                    kept_seen_q  <= seen_q;
                    kept_anew_q  <= anew_q;
                end
            end
        end else begin : gen_no_lockup
            assign locked = {UNITS{1'b0}};
            assign anew = {UNITS{1'b0}};
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            stream_lut_sr_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (STATE_BITS != 521) begin : gen_bad_state_bits
            stream_lut_sr_STATE_BITS_must_be_521 u_error ();
        end
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            stream_lut_sr_LANES_must_be_1_to_256 u_error ();
        end
        if (GROUP < 1 || GROUP * BIT_WIDTH > 32) begin : gen_bad_group
            stream_lut_sr_GROUP_must_be_1_to_32_over_BIT_WIDTH u_error ();
        end
        if (HAS_RESEED != 0 && HAS_RESEED != 1) begin : gen_bad_has_reseed
            stream_lut_sr_HAS_RESEED_must_be_0_or_1 u_error ();
        end
        if (LOCKUP_RECOVERY != 0 && LOCKUP_RECOVERY != 1) begin : gen_bad_lockup_recovery
            stream_lut_sr_LOCKUP_RECOVERY_must_be_0_or_1 u_error ();
        end
    endgenerate

endmodule

`resetall
