// SPDX-License-Identifier: Apache-2.0
//
// LUT-SR: 32 fresh bits a clock, the state in shift registers that an FPGA keeps in LUTs.
//
// Every next bit is the XOR of three or four bits of the words 16 (low bits: 17) clocks before it
// (D. Thomas, W. Luk, "The LUT-SR family of uniform random number generators for FPGA
// architectures", IEEE Trans. VLSI Systems 21(4), 2013). Period 2**521 - 1.
// Each bit has two shift registers. `kept` holds what the state was when a step started and stands
// still; its bits are read for the first 15 or 16 words, while the other register, live, takes the
// new ones, and live is read from then on. So a replay needs the one word that was kept beside, and
// costs no clock. What to do is decided for all generators by stream_lut_sr.v:
// advance, one word on; expand, the same without the delays; restore, back to the kept word; keep,
// keep the word; recover, copy a bit of live, at its address, to kept.

`resetall
`timescale 1ns/1ps
`default_nettype none

module lut_sr #(
    parameter [31:0] SEED = 1,     // word after rst, not zero
    parameter [31:0] INVERTED = 0  // any
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        load,
    input  wire [31:0] load_data,
    input  wire        advance,
    input  wire        expand,
    input  wire        restore,
    input  wire        keep,
    input  wire        recover,
    input  wire [1:0]  shift,         // of registers 1 and 0
    input  wire [1:0]  pick,          // register to read, for delays of 16 and 15 clocks
    input  wire [15:0] addresses,     // registers 1, 0 with a delay of 16, then of 15
    output wire [31:0] word
);

    `include "lut_sr_table.vh"

    localparam LATE_BITS = 9;

    reg  [31:0] word_q;
    reg  [31:0] kept_q;
    wire [31:0] shown;
    wire [31:0] entering = recover ? shown : word_q;
    wire [31:0] delayed  = expand ? word_q : shown;

    assign word = word_q ^ INVERTED;

    always @(posedge clk) begin
        if (rst)
            word_q <= SEED ^ INVERTED;
        else if (load)
            word_q <= load_data ^ INVERTED;
        else if (restore)
            word_q <= kept_q;
        else if (advance)
            word_q <= lut_sr_next(delayed ^ INVERTED) ^ INVERTED;
    end

    always @(posedge clk)
        if (keep)
            kept_q <= word_q;

    genvar i;
    generate
        for (i = 0; i < 32; i = i + 1) begin : gen_bit
            localparam LATE = (i < LATE_BITS) ? 1 : 0;
            reg  [15:0] zero_q;
            reg  [15:0] one_q;
            wire [3:0]  zero_address = addresses[8*LATE +: 4];
            wire [3:0]  one_address  = addresses[8*LATE+4 +: 4];

            assign shown[i] = pick[LATE] ? one_q[one_address] : zero_q[zero_address];

            always @(posedge clk)
                if (shift[0])
                    zero_q <= {zero_q[14:0], entering[i]};

            always @(posedge clk)
                if (shift[1])
                    one_q <= {one_q[14:0], entering[i]};
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (SEED == 0) begin : gen_bad_seed
            lut_sr_SEED_must_not_be_0 u_error ();
        end
    endgenerate

endmodule

`resetall
