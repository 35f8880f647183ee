// SPDX-License-Identifier: Apache-2.0
//
// The stream cipher Trivium: next state, and the words of GROUP lanes.
//
// Three shift registers of 93, 84 and 111 bits, lowest first, as s1 to s288 of the publication (C.
// De Canniere, B. Preneel, "Trivium", LNCS 4986, 2008). GROUP * BIT_WIDTH updates are made a clock,
// a bit of key stream each: no tap comes before the 66th bit of a register, so they do not depend
// on each other. The first lane takes the earliest bits, the earliest as its top bit, which is
// inverted, so that a word reads as two's complement. Combinational, a few gates deep; the stream
// that uses it holds the state, loaded as it is after the 1,152 updates that the cipher starts
// with.

`resetall
`timescale 1ns/1ps
`default_nettype none

module trivium #(
    parameter BIT_WIDTH = 8,  // 1 to 24
    parameter GROUP = 1       // 1 to 64 / BIT_WIDTH
) (
    input  wire [287:0]               state,
    output wire [287:0]               next_state,
    output wire [GROUP*BIT_WIDTH-1:0] word
);

    localparam UPDATES = GROUP * BIT_WIDTH;
    localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);

    wire [92:0]  a = state[92:0];
    wire [83:0]  b = state[176:93];
    wire [110:0] c = state[287:177];

    // The earliest update is on top of each vector.
    wire [UPDATES-1:0] from_a = a[65 -: UPDATES] ^ a[92 -: UPDATES];
    wire [UPDATES-1:0] from_b = b[68 -: UPDATES] ^ b[83 -: UPDATES];
    wire [UPDATES-1:0] from_c = c[65 -: UPDATES] ^ c[110 -: UPDATES];

    wire [UPDATES-1:0] to_a = from_c ^ (c[108 -: UPDATES] & c[109 -: UPDATES]) ^ a[68 -: UPDATES];
    wire [UPDATES-1:0] to_b = from_a ^ (a[90 -: UPDATES] & a[91 -: UPDATES]) ^ b[77 -: UPDATES];
    wire [UPDATES-1:0] to_c = from_b ^ (b[81 -: UPDATES] & b[82 -: UPDATES]) ^ c[86 -: UPDATES];

    assign next_state = {c[110-UPDATES:0], to_c, b[83-UPDATES:0], to_b, a[92-UPDATES:0], to_a};

    wire [UPDATES-1:0] stream = from_a ^ from_b ^ from_c;

    genvar i;
    generate
        for (i = 0; i < GROUP; i = i + 1) begin : gen_word
            assign word[i*BIT_WIDTH +: BIT_WIDTH] = stream[UPDATES-1-i*BIT_WIDTH -: BIT_WIDTH]
                                                  ^ SIGN;
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            trivium_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (GROUP < 1 || GROUP * BIT_WIDTH > 64) begin : gen_bad_group
            trivium_GROUP_must_be_1_to_64_over_BIT_WIDTH u_error ();
        end
    endgenerate

endmodule

`resetall
