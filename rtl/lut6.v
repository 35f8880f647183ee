// SPDX-License-Identifier: Apache-2.0
//
// One function of six inputs, by its truth table. Combinational.
//
// Left to themselves, synthesisers take such tables apart and share the pieces, which costs more
// LUTs than it saves; the hierarchy is kept to stop that.

`resetall
`timescale 1ns/1ps
`default_nettype none

(* keep_hierarchy *)
module lut6 #(
    parameter [63:0] TABLE = 64'd0  // any; the value of index i in bit i
) (
    input  wire [5:0] index,
    output wire       value
);

    assign value = TABLE[index];

endmodule

`resetall
