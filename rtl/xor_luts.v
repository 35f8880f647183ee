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

    // A function, so that simulators do each operation once: of nets they would, once more for
    // each operand that changes.
    function [WIDTH-1:0] parity_of;
        input [6*WIDTH-1:0] each;
        integer t;
        begin
            parity_of = each[WIDTH +: WIDTH];
            for (t = 2; t < 6; t = t + 1)
                parity_of = parity_of ^ each[t*WIDTH +: WIDTH];
            parity_of = each[0 +: WIDTH] ^ (parity_of & ~WIRED) ^ INVERT;
        end
    endfunction

    assign parity = parity_of(terms);

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (WIDTH < 1) begin : gen_bad_width
            xor_luts_WIDTH_must_be_1_or_more u_error ();
        end
    endgenerate

endmodule

`resetall
