// SPDX-License-Identifier: Apache-2.0
//
// The training examples, in the largest memories of the device: single-port RAM (SPRAM) of an iCE40
// UltraPlus, block RAM elsewhere.
//
// `word` shows the word at the address of the last clock that did not write. With HUGE = 1 Yosys
// takes SPRAM (synth_ice40 -spram), which holds nothing at power-up and neither reads and writes
// in one clock.

`resetall
`timescale 1ns/1ps
`default_nettype none

module example_memory #(
    parameter WORDS = 46080,     // 2 to 2**ADDRESS_BITS
    parameter ADDRESS_BITS = 16, // 1 to 24
    parameter BITS = 16,         // 1 to 64
    parameter HUGE = 0           // 0 or 1
) (
    input  wire                    clk,
    input  wire [ADDRESS_BITS-1:0] address,
    input  wire                    write,
    input  wire [BITS-1:0]         write_data,
    output wire [BITS-1:0]         word
);

    reg [BITS-1:0] word_q;
    assign word = word_q;

    generate
        if (HUGE != 0) begin : gen_huge
            (* ram_style = "huge" *) reg [BITS-1:0] words [0:WORDS-1];

            always @(posedge clk) begin
                if (write)
                    words[address] <= write_data;
                else
                    word_q <= words[address];
            end
        end else begin : gen_block
            (* ram_style = "block" *) reg [BITS-1:0] words [0:WORDS-1];

            always @(posedge clk) begin
                if (write)
                    words[address] <= write_data;
                else
                    word_q <= words[address];
            end
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (ADDRESS_BITS < 1 || ADDRESS_BITS > 24) begin : gen_bad_address_bits
            example_memory_ADDRESS_BITS_must_be_1_to_24 u_error ();
        end
        if (WORDS < 2 || WORDS > (1 << ADDRESS_BITS)) begin : gen_bad_words
            example_memory_WORDS_must_be_2_to_what_ADDRESS_BITS_reach u_error ();
        end
        if (BITS < 1 || BITS > 64) begin : gen_bad_bits
            example_memory_BITS_must_be_1_to_64 u_error ();
        end
        if (HUGE != 0 && HUGE != 1) begin : gen_bad_huge
            example_memory_HUGE_must_be_0_or_1 u_error ();
        end
    endgenerate

endmodule

`resetall
