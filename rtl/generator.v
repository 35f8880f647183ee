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
    parameter KIND = "lfsr",   // any name below; a family of streams/catalogue.py
    parameter BIT_WIDTH = 8,   // as the family allows
    parameter STATE_BITS = 8,  // lfsr: 3 to 32; fixed by the other families
    parameter LEAP = 1,        // lfsr: 1 to 64; the others take 1
    parameter GROUP = 1        // words a clock, 1 or as many as the family allows
) (
    input  wire [STATE_BITS-1:0]      state,
    output wire [STATE_BITS-1:0]      next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    wire unused = &{1'b0, LEAP != 1, GROUP != 1};  // few families use them

    // Shorter names come first: no comparison then has to widen KIND.
    generate
        if (KIND == "ca") begin : gen_ca
            ca #(.BIT_WIDTH(BIT_WIDTH)) u_ca (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "clt") begin : gen_clt
            clt #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_clt (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "lfsr") begin : gen_lfsr
            lfsr #(.STATE_BITS(STATE_BITS), .LEAP(LEAP)) u_lfsr (
                .state(state), .next_state(next_state));
            uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                .state(state), .word(word));
        end else if (KIND == "icdf") begin : gen_icdf
            icdf #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_icdf (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "sobol") begin : gen_sobol
            sobol #(
                .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .GROUP(GROUP)
            ) u_sobol (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "lut_sr") begin : gen_lut_sr
            lut_sr_state #(.BIT_WIDTH(BIT_WIDTH)) u_lut_sr (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "lut_opt") begin : gen_lut_opt
            lut_opt #(.BIT_WIDTH(BIT_WIDTH), .GROUP(GROUP)) u_lut_opt (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "trivium") begin : gen_trivium
            trivium #(.BIT_WIDTH(BIT_WIDTH), .GROUP(GROUP)) u_trivium (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "ternary") begin : gen_ternary
            ternary u_ternary (.state(state), .next_state(next_state), .word(word));
        end else if (KIND == "treegrng") begin : gen_treegrng
            treegrng #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_treegrng (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "box_muller") begin : gen_box_muller
            box_muller #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_box_muller (
                .state(state), .next_state(next_state), .word(word));
        end else if (KIND == "xorshift32") begin : gen_xorshift32
            xorshift32 u_xorshift32 (.state(state), .next_state(next_state));
            uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                .state(state), .word(word));
        end else if (KIND == "rademacher") begin : gen_rademacher
            rademacher u_rademacher (.state(state), .next_state(next_state));
            uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                .state(state), .word(word));
        end else if (KIND == "xoshiro128pp") begin : gen_xoshiro128pp
            xoshiro128pp #(.BIT_WIDTH(BIT_WIDTH), .GROUP(GROUP)) u_xoshiro128pp (
                .state(state), .next_state(next_state), .word(word));
        end else begin : gen_table_hadamard
            table_hadamard #(
                .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .GROUP(GROUP)
            ) u_table_hadamard (
                .state(state), .next_state(next_state), .word(word));
        end
    endgenerate

endmodule

`resetall
