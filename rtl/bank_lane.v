// SPDX-License-Identifier: Apache-2.0
//
// Next state of one lane of a bank: the kept state with `restore`, else its own state one clock on
// or, with `rotate`, that of the lane above. Combinational.
//
// The hierarchy is kept so that every lane is mapped alike and on its own, to a LUT a state bit and
// one for the feedback bit; mapped all together, wide banks come out half as large again.

`resetall
`timescale 1ns/1ps
`default_nettype none

(* keep_hierarchy *)
module bank_lane #(
    parameter STATE_BITS = 8,  // 3 to 32
    parameter LEAP = 1,        // 1 to 64, coprime to 2**STATE_BITS - 1
    parameter [STATE_BITS-1:0] INVERTED = 0  // any; bits that all states have inverted
) (
    input  wire                  rotate,
    input  wire                  restore,
    input  wire [STATE_BITS-1:0] own,
    input  wire [STATE_BITS-1:0] above,
    input  wire [STATE_BITS-1:0] kept,
    output wire [STATE_BITS-1:0] next_state
);

    wire [STATE_BITS-1:0] stepped;

    lfsr #(.STATE_BITS(STATE_BITS), .LEAP(LEAP)) u_lfsr (
        .state((rotate ? above : own) ^ INVERTED), .next_state(stepped));

    assign next_state = restore ? kept : stepped ^ INVERTED;

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (STATE_BITS < 3 || STATE_BITS > 32) begin : gen_bad_state_bits
            bank_lane_STATE_BITS_must_be_3_to_32 u_error ();
        end
        if (LEAP < 1 || LEAP > 64) begin : gen_bad_leap
            bank_lane_LEAP_must_be_1_to_64 u_error ();
        end
    endgenerate

endmodule

`resetall
