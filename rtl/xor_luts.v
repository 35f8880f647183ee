// SPDX-License-Identifier: Apache-2.0
//
// XORs of six bits each, a LUT each: parity[i] is the XOR of bit i of the six terms. Where WIRED is
// one, parity[i] is bit i of term 0 and needs no LUT; where INVERT is one, parity[i] is inverted.
// Combinational.
//
// Left to themselves, synthesisers factor the XORs of a phased stream into shared pairs, which
// costs more LUTs than it saves; the hierarchy is kept to stop that.

`resetall
`timescale 1ns/1ps
`default_nettype none

(* keep_hierarchy *)
module xor_luts #(
    parameter WIDTH = 31,  // 1 and more
    parameter [WIDTH-1:0] WIRED = 0,  // any
    parameter [WIDTH-1:0] INVERT = 0  // any
) (
    input  wire [6*WIDTH-1:0] terms,  // term 0 lowest
    output wire [WIDTH-1:0]   parity
);

    wire [WIDTH-1:0] others = terms[1*WIDTH +: WIDTH] ^ terms[2*WIDTH +: WIDTH]
                            ^ terms[3*WIDTH +: WIDTH] ^ terms[4*WIDTH +: WIDTH]
                            ^ terms[5*WIDTH +: WIDTH];

    assign parity = terms[0 +: WIDTH] ^ (others & ~WIRED) ^ INVERT;

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (WIDTH < 1) begin : gen_bad_width
            xor_luts_WIDTH_must_be_1_or_more u_error ();
        end
    endgenerate

endmodule

`resetall
