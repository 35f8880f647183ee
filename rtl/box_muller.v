// SPDX-License-Identifier: Apache-2.0
//
// Gaussian words by the Box-Muller method, sigma 2**(BIT_WIDTH-3): sqrt(-2 ln u) cos(2 pi v).
//
// The radius of 64 strata of u in 32 steps, eight angles of a quarter wave, and a sign. The
// multiplier adds two products from tables, of the high and of the low part of the radius with the
// cosine; a uniform number takes the place of the low bits of the first. The value is word + 1/2;
// words below 12 bits drop low bits. Figures: streams/families/box_muller.py.
// Combinational; the stream that uses it holds the state, which must not be zero. Period 2**33 - 1.

`resetall
`timescale 1ns/1ps
`default_nettype none

module box_muller #(
    parameter BIT_WIDTH = 8,   // 4 to 12
    parameter STATE_BITS = 33  // 33
) (
    input  wire        [STATE_BITS-1:0] state,
    output wire        [STATE_BITS-1:0] next_state,
    output wire signed [BIT_WIDTH-1:0]  word
);

    `include "gaussian_source_table.vh"
    `include "box_muller_table.vh"

    assign next_state = gaussian_next(state);

    wire [4:0] radius;
    wire [3:0] high;
    wire [3:0] sum;
    wire [5:0] of_high = {radius[4:2], state[8:6]};
    wire [4:0] of_low  = {radius[1:0], state[8:6]};
    wire [6:0] base    = {high, state[11:9]};

    lut6 #(.TABLE(RADIUS_0)) u_radius_0 (.index(state[5:0]), .value(radius[0]));
    lut6 #(.TABLE(RADIUS_1)) u_radius_1 (.index(state[5:0]), .value(radius[1]));
    lut6 #(.TABLE(RADIUS_2)) u_radius_2 (.index(state[5:0]), .value(radius[2]));
    lut6 #(.TABLE(RADIUS_3)) u_radius_3 (.index(state[5:0]), .value(radius[3]));
    lut6 #(.TABLE(RADIUS_4)) u_radius_4 (.index(state[5:0]), .value(radius[4]));
    lut6 #(.TABLE(HIGH_0)) u_high_0 (.index(of_high), .value(high[0]));
    lut6 #(.TABLE(HIGH_1)) u_high_1 (.index(of_high), .value(high[1]));
    lut6 #(.TABLE(HIGH_2)) u_high_2 (.index(of_high), .value(high[2]));
    lut6 #(.TABLE(HIGH_3)) u_high_3 (.index(of_high), .value(high[3]));

    // The tables give the sum bits before carry; the second operand is what makes that of them.
    lut6 #(.TABLE(LOW_0)) u_low_0 (.index({base[0], of_low}), .value(sum[0]));
    lut6 #(.TABLE(LOW_1)) u_low_1 (.index({base[1], of_low}), .value(sum[1]));
    lut6 #(.TABLE(LOW_2)) u_low_2 (.index({base[2], of_low}), .value(sum[2]));
    lut6 #(.TABLE(LOW_3)) u_low_3 (.index({base[3], of_low}), .value(sum[3]));

    wire [6:0] magnitude = base + {3'b000, base[3:0] ^ sum};

    // The lowest bits are uniform already: folding them would change nothing.
    wire [11:0] word12 = {state[16], magnitude ^ {7{state[16]}}, state[15:12]};
    assign word = word12[11:12-BIT_WIDTH];

    wire unused = &{1'b0, word12};

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 4 || BIT_WIDTH > 12) begin : gen_bad_bit_width
            box_muller_BIT_WIDTH_must_be_4_to_12 u_error ();
        end
        if (STATE_BITS != 33) begin : gen_bad_state_bits
            box_muller_STATE_BITS_must_be_33 u_error ();
        end
    endgenerate

endmodule

`resetall
