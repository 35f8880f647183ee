// SPDX-License-Identifier: Apache-2.0
//
// A memory read one row ahead: `row` shows the row whose address `next_address` was at the last
// clock. With WRITABLE, `write` stores write_data at write_address; otherwise FILE (one hexadecimal
// line a row) gives the contents. Reading a row in the clock that writes it gives the old one.

`resetall
`timescale 1ns/1ps
`default_nettype none

module row_memory #(
    parameter ROWS = 256,       // 1 to 2**24
    parameter ADDRESS_BITS = 8, // 1 to 24, 2**ADDRESS_BITS at least ROWS
    parameter BITS = 8,         // 1 and more, bits of a row
    parameter FILE = "",        // name of a file of rows; may be empty only with WRITABLE
    parameter WRITABLE = 1      // 0 or 1
) (
    input  wire                    clk,
    input  wire [ADDRESS_BITS-1:0] next_address,
    input  wire                    write,
    input  wire [ADDRESS_BITS-1:0] write_address,
    input  wire [BITS-1:0]         write_data,
    output wire [BITS-1:0]         row
);

    reg [BITS-1:0] row_q;
    assign row = row_q;

    generate
        if (WRITABLE != 0) begin : gen_ram
            reg [BITS-1:0] rows [0:ROWS-1];

            if (FILE != "") begin : gen_contents
                initial $readmemh(FILE, rows);
            end

            always @(posedge clk) begin
                row_q <= rows[next_address];
                if (write)
                    rows[write_address] <= write_data;
            end
        end else if (ROWS > 64) begin : gen_block_rom
            // More rows than one LUT has entries: a block memory is the smaller choice.
            (* rom_style = "block" *) reg [BITS-1:0] rows [0:ROWS-1];
            wire unused = &{1'b0, write, write_address, write_data};

            if (FILE != "") begin : gen_contents
                initial $readmemh(FILE, rows);
            end

            always @(posedge clk)
                row_q <= rows[next_address];
        end else begin : gen_lut_rom
            reg [BITS-1:0] rows [0:ROWS-1];
            wire unused = &{1'b0, write, write_address, write_data};

            if (FILE != "") begin : gen_contents
                initial $readmemh(FILE, rows);
            end

            always @(posedge clk)
                row_q <= rows[next_address];
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (ROWS < 1 || ROWS > (1 << 24)) begin : gen_bad_rows
            row_memory_ROWS_must_be_1_to_16777216 u_error ();
        end
        if (ADDRESS_BITS < 1 || ADDRESS_BITS > 24 || (1 << ADDRESS_BITS) < ROWS)
        begin : gen_bad_address_bits
            row_memory_ADDRESS_BITS_must_be_1_to_24_and_reach_ROWS u_error ();
        end
        if (BITS < 1) begin : gen_bad_bits
            row_memory_BITS_must_be_1_or_more u_error ();
        end
        if (FILE == "" && WRITABLE == 0) begin : gen_bad_file
            row_memory_FILE_must_be_named_without_WRITABLE u_error ();
        end
        if (WRITABLE != 0 && WRITABLE != 1) begin : gen_bad_writable
            row_memory_WRITABLE_must_be_0_or_1 u_error ();
        end
    endgenerate

endmodule

`resetall
