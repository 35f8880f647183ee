// SPDX-License-Identifier: Apache-2.0
//
// xormix32: next state, and the words of GROUP lanes.
//
// A linear word, the low 32 bits of the state, is mixed into streams of 32 bits of a non-linear
// recurrence (M. Baert, github.com/MaartenBaert/xormix, revision 1): a new bit of a stream is of
// the next stream the XOR of bit 0, of bit 6 without bit 16, of bits 9 and 15, counted from the
// oldest of 32, and of a bit of the linear word, shuffled and salted. 32 bits are made a clock, the
// upper 16 of the lower 16 that are new. Words are the bits of the streams, the first lane lowest,
// the top bit of each inverted, so that it reads as two's complement. Combinational; the stream
// that uses it holds the state, whose linear word must not be zero. The linear word alone, of
// period 2**32 - 1, is a state for stream_phased.v.

`resetall
`timescale 1ns/1ps
`default_nettype none

module xormix #(
    parameter BIT_WIDTH = 8,    // 1 to 24
    parameter STATE_BITS = 64,  // 32, and 32 for every 32 bits of the words, begun or full; or 32:
                                // the linear word alone, of which the word shown is the top bits
    parameter GROUP = 1         // 1 to 1024 / BIT_WIDTH; 1 with STATE_BITS = 32
) (
    input  wire [STATE_BITS-1:0]      state,
    output wire [STATE_BITS-1:0]      next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    `include "xormix_table.vh"

    localparam STREAMS = (STATE_BITS == 32) ? 0 : (GROUP * BIT_WIDTH + 31) / 32;
    localparam WORDS = (STATE_BITS == 32) ? 32 - BIT_WIDTH : 32;  // the lowest bit shown
    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    wire [31:0]           linear = state[31:0];
    wire [(STREAMS > 0 ? STREAMS : 1)*16-1:0] lows;  // the lower 16 of each stream's new bits

    assign next_state[31:0] = xormix_next(linear);

    genvar s, i;
    generate
        for (s = 0; s < STREAMS; s = s + 1) begin : gen_stream
            localparam NEXT = (s + 1) % STREAMS;
            wire [31:0] salted = linear ^ xormix_salt(s);
            wire [31:0] turned = (salted >> s) | (salted << (32 - s));
            wire [31:0] mixed  = xormix_shuffled(turned);
            wire [31:0] source = state[32*(NEXT+1) +: 32];
            wire [31:0] later  = {lows[NEXT*16 +: 16], source[31:16]};

            assign lows[s*16 +: 16] = source[15:0] ^ (source[21:6] & ~source[31:16])
                                    ^ source[24:9] ^ source[30:15] ^ mixed[15:0];
            assign next_state[32*(s+1) +: 16] = lows[s*16 +: 16];
            assign next_state[32*(s+1)+16 +: 16] = later[15:0] ^ (later[21:6] & ~later[31:16])
                                                 ^ later[24:9] ^ later[30:15] ^ mixed[31:16];
        end

        if (STREAMS == 0) begin : gen_linear
            wire unused = &{1'b0, lows};
            assign lows = 16'b0;
        end

        for (i = 0; i < GROUP; i = i + 1) begin : gen_word
            assign word[i*BIT_WIDTH +: BIT_WIDTH] = state[WORDS+i*BIT_WIDTH +: BIT_WIDTH] ^ SIGN;
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            xormix_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (STATE_BITS != 32 * (STREAMS + 1)) begin : gen_bad_state_bits
            xormix_STATE_BITS_must_be_32_more_than_whole_streams u_error ();
        end
        if (STREAMS == 0 && GROUP != 1) begin : gen_bad_lanes
            xormix_GROUP_must_be_1_with_STATE_BITS_32 u_error ();
        end
        if (GROUP < 1 || GROUP * BIT_WIDTH > 1024) begin : gen_bad_group
            xormix_GROUP_must_be_1_to_1024_over_BIT_WIDTH u_error ();
        end
    endgenerate

endmodule

`resetall
