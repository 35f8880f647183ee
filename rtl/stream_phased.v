// SPDX-License-Identifier: Apache-2.0
//
// Reuse strategy `phased`: all lanes are XOR functions of one linear state.
//
// Generators of one linear map are phase shifts of one another, that is linear functions of one
// state, so a whole bank needs the registers of a single generator. COLUMNS says which state bits
// each output bit is the XOR of, and the sign of each word is inverted, as in uniform_word.v; the
// output bits in PLACES are wired from others instead, which costs nothing. (In built-in self test
// the XORs are a phase shifter: J. Rajski, J. Tyszer, N. Tamarapalli, US 6,874,109; the wires are
// those of a permuted shared LFSR: S. Salehi, IEEE TVLSI 28(3), 2020.) The beat of state LAST is
// followed by that of AGAIN, so the stream repeats after the beats from AGAIN to LAST, SEED's among
// them: a prime number of them has no factor in common with the beats of a step, which would make
// its directions come back early. No counter is needed.
// Handshake and pulses as in stream_none.v; a reseed loads one state.
// out_exponent is the scale exponent of the beat, from a table by state.
// With LOCKUP_RECOVERY the state of zeros, in which the generator stands still, is followed by
// AGAIN when a beat is accepted, so that at most one beat shows it.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_phased #(
    parameter KIND = "lfsr",          // lfsr, lut_opt, xormix: linear maps of generator.v
    parameter BIT_WIDTH = 8,          // 1 to STATE_BITS
    parameter STATE_BITS = 16,        // 3 to 32
    parameter LEAP = 1,               // 1 to 64, as the family allows
    parameter LANES = 31,             // 1 to 256
    parameter HAS_RESEED = 0,         // 0 or 1
    parameter EXPONENT_BITS = 0,      // 0 to 6, above 0 with STATE_BITS up to 12;
                                      // 0: the exponent is EXPONENT_BASE throughout
    parameter LOCKUP_RECOVERY = 0,    // 0 or 1
    parameter [5:0] EXPONENT_BASE = 0,  // two's complement
    parameter EXPONENT_FILE = "",     // name of a file of entries by state
    // Output bits wired from others: those in entry k of PLACES from the ones that are entry k of
    // DISTANCES further, counted around, and are in no entry themselves.
    parameter SHARES = 0,             // 0 to 256; entries
    parameter [(SHARES > 0 ? SHARES : 1)*16-1:0] DISTANCES = 1,  // each 1 to LANES*BIT_WIDTH - 1
    parameter [(SHARES > 0 ? SHARES : 1)*LANES*BIT_WIDTH-1:0] PLACES = 0,  // any; no bit twice
    parameter TERMS = 1,              // 1: any XORs; 6: XORs of at most six bits, a LUT each
    parameter [LANES*BIT_WIDTH-1:0] WIRED = 0,  // with TERMS = 6: output bits that are no XOR
    // State bits that the registers hold inverted, as in stream_none.v, and the output bits that
    // are XORs of an odd number of them.
    parameter [STATE_BITS-1:0] INVERTED = 0,  // any
    parameter [LANES*BIT_WIDTH-1:0] ODD = 0,  // as INVERTED and COLUMNS say
    // State bits of each XOR: entry t * STATE_BITS + s tells which output bits have bit s as their
    // term t; none for those in PLACES. With TERMS = 6 a term is one state bit at most.
    parameter [TERMS*STATE_BITS*LANES*BIT_WIDTH-1:0] COLUMNS = 1,
    parameter [STATE_BITS-1:0] LAST = 0,  // not AGAIN; 0: the period is the generator's
    parameter [STATE_BITS-1:0] SEED = 1,  // state after rst, not zero
    parameter [STATE_BITS-1:0] AGAIN = SEED  // state after LAST, not zero
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

    localparam DATA = LANES * BIT_WIDTH;
    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);
    localparam [DATA-1:0] INVERT = {LANES{SIGN}} ^ ODD;

    wire loading;
    wire load   = loading && load_valid;
    wire first;  // the first beat of a reseed, which is kept, so that a replay stays at it
    wire accept = out_valid && out_ready && !(first && replay);
    wire keep   = first || (start && !replay && !loading);
    wire restore = replay && !loading && !first;

    assign load_ready = loading;
    assign out_valid  = !loading && !rst;

    reg  [STATE_BITS-1:0] state_q;
    reg  [STATE_BITS-1:0] kept_q;
    wire [STATE_BITS-1:0] state = state_q ^ INVERTED;
    wire [STATE_BITS-1:0] begun;  // the state after rst or a wrap
    wire                  locked; // the state is that of zeros
    wire [STATE_BITS-1:0] stepped;
    wire [STATE_BITS-1:0] next_state;

    wire [BIT_WIDTH-1:0]  word;  // not the lanes'
    wire                  unused_word = &{1'b0, word};

    generator #(
        .KIND(KIND), .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .LEAP(LEAP)
    ) u_generator (
        .state(state), .next_state(stepped), .word(word));

    // The terms of the XORs, of all output bits at a time: simulators are fast with whole vectors,
    // but not with XORs of them. In hardware the constants leave only wires (TERMS = 6) or XORs
    // (TERMS = 1).
    wire [TERMS*DATA-1:0] column [0:STATE_BITS-1];
    wire [TERMS*DATA-1:0] terms = terms_of(state_q);
    wire [DATA-1:0]       parity;  // inverted where it is shown so

    function [TERMS*DATA-1:0] terms_of;
        input [STATE_BITS-1:0] bits;
        integer s;
        begin
            terms_of = {TERMS*DATA{1'b0}};
            for (s = 0; s < STATE_BITS; s = s + 1)
                if (TERMS == 1)
                    terms_of = terms_of ^ ({TERMS*DATA{bits[s]}} & column[s]);
                else
                    terms_of = terms_of | (bits[s] ? column[s] : {TERMS*DATA{1'b0}});
        end
    endfunction

    // The XORs, and the output bits that are wired from others.
    wire [DATA-1:0] places [0:SHARES];
    assign places[SHARES < 0 ? 0 : SHARES] = {DATA{1'b0}};  // not used
    assign out_data = wired(parity);

    function [DATA-1:0] wired;
        input [DATA-1:0] own;
        integer k;
        begin
            wired = own;
            for (k = 0; k < SHARES; k = k + 1)
                wired = (wired & ~places[k]) | (places[k] & (
                    (own >> {16'b0, DISTANCES[k*16 +: 16]})
                    | (own << (DATA - {16'b0, DISTANCES[k*16 +: 16]}))));
        end
    endfunction

    genvar i;
    generate
        for (i = 0; i < TERMS * STATE_BITS; i = i + 1) begin : gen_column
            assign column[i%STATE_BITS][i/STATE_BITS*DATA +: DATA] = COLUMNS[i*DATA +: DATA];
        end

        if (TERMS == 1) begin : gen_any
            assign parity = terms ^ INVERT;
        end else begin : gen_luts
            xor_luts #(.WIDTH(DATA), .WIRED(WIRED), .INVERT(INVERT)) u_xors (
                .terms(terms), .parity(parity));
        end

        for (i = 0; i < SHARES; i = i + 1) begin : gen_shared
            assign places[i] = PLACES[i*DATA +: DATA];
        end

        if (HAS_RESEED != 0) begin : gen_reseed
            reseed_control #(.WORDS(1)) u_control (
                .clk(clk), .rst(rst), .reseed(reseed), .load(load), .loading_q(loading),
                .first_q(first));
        end else begin : gen_no_reseed
            wire unused = &{1'b0, reseed};
            assign loading = 1'b0;
            assign first = 1'b0;
        end

        if (AGAIN == SEED) begin : gen_one_beginning
            assign begun = SEED;
        end else begin : gen_two_beginnings
            assign begun = rst ? SEED : AGAIN;
        end

        if (LOCKUP_RECOVERY != 0) begin : gen_lockup
            assign locked = state == 0;
        end else begin : gen_no_lockup
            assign locked = 1'b0;
        end
    endgenerate

    wire wrap    = accept && !restore && ((LAST != 0 && state == LAST) || locked);
    wire advance = restore || accept;
    wire [STATE_BITS-1:0] unwrapped = load ? load_data : restore ? kept_q ^ INVERTED : stepped;

    assign next_state = (rst || wrap) ? begun : (load || advance) ? unwrapped : state;

    always @(posedge clk) begin
        if (rst || wrap)
            state_q <= begun ^ INVERTED;
        else if (load || advance)
            state_q <= unwrapped ^ INVERTED;
    end

    always @(posedge clk) begin
        if (rst)
            kept_q <= SEED ^ INVERTED;
        else if (keep)
            kept_q <= state_q;
    end

    exponent_table #(
        .ADDRESS_BITS(STATE_BITS), .BITS(EXPONENT_BITS), .BASE(EXPONENT_BASE),
        .FILE(EXPONENT_FILE), .WRITABLE(0)
    ) u_exponent (
        .clk(clk), .next_address(next_state), .write(1'b0),
        .write_address({STATE_BITS{1'b0}}), .write_data(6'b0), .exponent(out_exponent));

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > STATE_BITS) begin : gen_bad_bit_width
            stream_phased_BIT_WIDTH_must_be_1_to_STATE_BITS u_error ();
        end
        if (STATE_BITS < 3 || STATE_BITS > 32) begin : gen_bad_state_bits
            stream_phased_STATE_BITS_must_be_3_to_32 u_error ();
        end
        if (LEAP < 1 || LEAP > 64) begin : gen_bad_leap
            stream_phased_LEAP_must_be_1_to_64 u_error ();
        end
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            stream_phased_LANES_must_be_1_to_256 u_error ();
        end
        if (HAS_RESEED != 0 && HAS_RESEED != 1) begin : gen_bad_has_reseed
            stream_phased_HAS_RESEED_must_be_0_or_1 u_error ();
        end
        if (LOCKUP_RECOVERY != 0 && LOCKUP_RECOVERY != 1) begin : gen_bad_lockup_recovery
            stream_phased_LOCKUP_RECOVERY_must_be_0_or_1 u_error ();
        end
        if (EXPONENT_BITS < 0 || EXPONENT_BITS > 6) begin : gen_bad_exponent_bits
            stream_phased_EXPONENT_BITS_must_be_0_to_6 u_error ();
        end
        if (SHARES < 0 || SHARES > 256) begin : gen_bad_shares
            stream_phased_SHARES_must_be_0_to_256 u_error ();
        end
        if (TERMS != 1 && TERMS != 6) begin : gen_bad_terms
            stream_phased_TERMS_must_be_1_or_6 u_error ();
        end
        if (SEED == 0) begin : gen_bad_seed
            stream_phased_SEED_must_not_be_0 u_error ();
        end
        if (AGAIN == 0) begin : gen_bad_again
            stream_phased_AGAIN_must_not_be_0 u_error ();
        end
        if (LAST == AGAIN) begin : gen_bad_last
            stream_phased_LAST_must_not_be_AGAIN u_error ();
        end
    endgenerate

endmodule

`resetall
