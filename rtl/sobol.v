// SPDX-License-Identifier: Apache-2.0
//
// Sobol numbers for GROUP lanes: next state and words.
//
// The state is a 32-bit count and above it a word a lane. A clock adds to every word, modulo 2, its
// direction number of the lowest zero bit of the count (I. Antonov, V. Saleev, 1979; numbers of S.
// Joe, F. Kuo, SIAM J. Sci. Comput. 30(5), 2008). Words are shown with the most significant bit
// inverted, so that they read as two's complement. Period 2**32. Combinational; the stream that
// uses it holds the state, any of which is legal.

`resetall
`timescale 1ns/1ps
`default_nettype none

module sobol #(
    parameter BIT_WIDTH = 8,    // 1 to 24
    parameter STATE_BITS = 40,  // 32 + GROUP * BIT_WIDTH
    parameter GROUP = 1         // 1 to 256
) (
    input  wire [STATE_BITS-1:0]      state,
    output wire [STATE_BITS-1:0]      next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    `include "sobol_table.vh"

    localparam TABLE_BITS = 24;
    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    // The lowest zero: one hot, then as a number. After the last count comes number 31 again.
    wire [31:0] count   = state[31:0];
    wire [31:0] counted = count + 32'd1;
    wire [31:0] lowest  = {&count[30:0], counted[30:0] & ~count[30:0]};
    wire [4:0]  index   = {|(lowest & 32'hffff0000), |(lowest & 32'hff00ff00),
                           |(lowest & 32'hf0f0f0f0), |(lowest & 32'hcccccccc),
                           |(lowest & 32'haaaaaaaa)};

    assign next_state[31:0] = counted;
    assign word = state[STATE_BITS-1:32] ^ {GROUP{SIGN}};

    genvar lane, i;
    generate
        for (lane = 0; lane < GROUP; lane = lane + 1) begin : gen_lane
            localparam [32*TABLE_BITS-1:0] ADDED = sobol_directions(lane);
            wire [BIT_WIDTH-1:0] direction;
            for (i = 0; i < BIT_WIDTH; i = i + 1) begin : gen_bit
                wire [31:0] added = ADDED[(BIT_WIDTH-1-i)*32 +: 32];
                assign direction[i] = added[index];
            end
            assign next_state[32+lane*BIT_WIDTH +: BIT_WIDTH] =
                state[32+lane*BIT_WIDTH +: BIT_WIDTH] ^ direction;
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            sobol_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (STATE_BITS != 32 + GROUP * BIT_WIDTH) begin : gen_bad_state_bits
            sobol_STATE_BITS_must_be_32_plus_GROUP_times_BIT_WIDTH u_error ();
        end
        if (GROUP < 1 || GROUP > 256) begin : gen_bad_group
            sobol_GROUP_must_be_1_to_256 u_error ();
        end
    endgenerate

endmodule

`resetall
