// SPDX-License-Identifier: Apache-2.0
//
// One generator of the family that KIND names: next state of a state, and the words it shows.
//
// Only the chosen family is elaborated, so the sources of the others need not be at hand.
// Combinational.

`resetall
`timescale 1ns/1ps
`default_nettype none

module generator #(
    parameter KIND = "lfsr",   // any name below; a family of streams/families/
    parameter BIT_WIDTH = 8,   // as the family allows
    parameter STATE_BITS = 8,  // as the family allows
    parameter LEAP = 1,        // lfsr: 1 to 64; the others take 1
    parameter GROUP = 1        // words a clock, 1 or as many as the family allows
) (
    input  wire [STATE_BITS-1:0]      state,
    output wire [STATE_BITS-1:0]      next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    wire unused = &{1'b0, LEAP != 1, GROUP != 1};  // few families use them

    // Shorter names come first: no comparison then has to widen KIND. An unknown KIND and a shape
    // that its family lacks stop every tool: there is no module of the name that says so.
    generate
        if (KIND == "ca") begin : gen_ca
            if (STATE_BITS != 32 || LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_ca_takes_STATE_BITS_32_LEAP_1_GROUP_1 u_error ();
            end
            ca #(.BIT_WIDTH(BIT_WIDTH)) u_ca (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "clt") begin : gen_clt
            if (LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_clt_takes_LEAP_1_GROUP_1 u_error ();
            end
            clt #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_clt (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "lfsr") begin : gen_lfsr
            if (GROUP != 1) begin : gen_bad
                generator_lfsr_takes_GROUP_1 u_error ();
            end
            lfsr #(.STATE_BITS(STATE_BITS), .LEAP(LEAP)) u_lfsr (
                .state(state), .next_state(next_state));
            uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                .state(state), .word(word));
        end else if (KIND == "icdf") begin : gen_icdf
            if (LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_icdf_takes_LEAP_1_GROUP_1 u_error ();
            end
            icdf #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_icdf (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "sobol") begin : gen_sobol
            if (LEAP != 1) begin : gen_bad
                generator_sobol_takes_LEAP_1 u_error ();
            end
            sobol #(
                .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .GROUP(GROUP)
            ) u_sobol (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "walsh") begin : gen_walsh
            if (BIT_WIDTH != 1 || STATE_BITS != 32 || LEAP != 1) begin : gen_bad
                generator_walsh_takes_BIT_WIDTH_1_STATE_BITS_32_LEAP_1 u_error ();
            end
            walsh #(.GROUP(GROUP)) u_walsh (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "lut_sr") begin : gen_lut_sr
            if (STATE_BITS != 521 || LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_lut_sr_takes_STATE_BITS_521_LEAP_1_GROUP_1 u_error ();
            end
            lut_sr_state #(.BIT_WIDTH(BIT_WIDTH)) u_lut_sr (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "xormix") begin : gen_xormix
            if (LEAP != 1) begin : gen_bad
                generator_xormix_takes_LEAP_1 u_error ();
            end
            xormix #(
                .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .GROUP(GROUP)
            ) u_xormix (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "lut_opt") begin : gen_lut_opt
            if (LEAP != 1) begin : gen_bad
                generator_lut_opt_takes_LEAP_1 u_error ();
            end
            lut_opt #(
                .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .GROUP(GROUP)
            ) u_lut_opt (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "trivium") begin : gen_trivium
            if (STATE_BITS != 288 || LEAP != 1) begin : gen_bad
                generator_trivium_takes_STATE_BITS_288_LEAP_1 u_error ();
            end
            trivium #(.BIT_WIDTH(BIT_WIDTH), .GROUP(GROUP)) u_trivium (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "ternary") begin : gen_ternary
            if (BIT_WIDTH != 2 || STATE_BITS != 32 || LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_ternary_takes_BIT_WIDTH_2_STATE_BITS_32_LEAP_1_GROUP_1 u_error ();
            end
            ternary u_ternary (.state(state), .next_state(next_state), .word(word));
        end else if (KIND == "treegrng") begin : gen_treegrng
            if (LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_treegrng_takes_LEAP_1_GROUP_1 u_error ();
            end
            treegrng #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_treegrng (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "box_muller") begin : gen_box_muller
            if (LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_box_muller_takes_LEAP_1_GROUP_1 u_error ();
            end
            box_muller #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_box_muller (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "xorshift32") begin : gen_xorshift32
            if (STATE_BITS != 32 || LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_xorshift32_takes_STATE_BITS_32_LEAP_1_GROUP_1 u_error ();
            end
            xorshift32 u_xorshift32 (.state(state), .next_state(next_state));
            uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                .state(state), .word(word));
        end else if (KIND == "rademacher") begin : gen_rademacher
            if (BIT_WIDTH != 1 || STATE_BITS != 32 || LEAP != 1 || GROUP != 1) begin : gen_bad
                generator_rademacher_takes_BIT_WIDTH_1_STATE_BITS_32_LEAP_1_GROUP_1 u_error ();
            end
            rademacher u_rademacher (.state(state), .next_state(next_state));
            uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                .state(state), .word(word));
        end else if (KIND == "xoshiro128pp") begin : gen_xoshiro128pp
            if (STATE_BITS != 128 || LEAP != 1) begin : gen_bad
                generator_xoshiro128pp_takes_STATE_BITS_128_LEAP_1 u_error ();
            end
            xoshiro128pp #(.BIT_WIDTH(BIT_WIDTH), .GROUP(GROUP)) u_xoshiro128pp (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "table_hadamard") begin : gen_table_hadamard
            if (LEAP != 1) begin : gen_bad
                generator_table_hadamard_takes_LEAP_1 u_error ();
            end
            table_hadamard #(
                .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .GROUP(GROUP)
            ) u_table_hadamard (
                .state(state), .next_state(next_state), .word(word));
        end else begin : gen_unknown
            generator_KIND_is_unknown u_error ();
        end
    endgenerate

endmodule

`resetall
