// SPDX-License-Identifier: Apache-2.0
//
// Galois linear-feedback shift register: the next state.
//
// One update shifts right and, when a one drops out, adds the taps of a primitive polynomial
// (Golomb, "Shift Register Sequences"); LEAP updates are made a clock. Combinational; the stream
// that uses it holds the state, which must not be zero.

`resetall
`timescale 1ns/1ps
`default_nettype none

module lfsr #(
    parameter STATE_BITS = 8,  // 3 to 32
    parameter LEAP = 1         // 1 to 64, coprime to 2**STATE_BITS - 1
) (
    input  wire [STATE_BITS-1:0] state,
    output wire [STATE_BITS-1:0] next_state
);

`include "lfsr_taps.vh"

    wire [STATE_BITS-1:0] updated [0:LEAP];

    assign updated[0] = state;
    genvar i;
    generate
        for (i = 0; i < LEAP; i = i + 1) begin : gen_update
            assign updated[i+1] = {1'b0, updated[i][STATE_BITS-1:1]}
                                ^ ({STATE_BITS{updated[i][0]}} & LFSR_TAPS[STATE_BITS-1:0]);
        end
    endgenerate
    assign next_state = updated[LEAP];

    localparam [63:0] PERIOD = (64'd1 << STATE_BITS) - 64'd1;

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (STATE_BITS < 3 || STATE_BITS > 32) begin : gen_bad_state_bits
            lfsr_STATE_BITS_must_be_3_to_32 u_error ();
        end
        if (LEAP < 1 || LEAP > 64) begin : gen_bad_leap
            lfsr_LEAP_must_be_1_to_64 u_error ();
        end
        for (i = 3; i <= LEAP; i = i + 2) begin : gen_factor
            if (LEAP % i == 0 && PERIOD % i == 0) begin : gen_bad
                lfsr_LEAP_must_be_coprime_to_the_period u_error ();
            end
        end
    endgenerate

endmodule

`resetall
