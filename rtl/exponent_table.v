// SPDX-License-Identifier: Apache-2.0
//
// Scale exponents by generator state (PeZO's adaptive scaling rounded to powers of two).
//
// exponent shows BASE plus the entry of the address that `next_address` had at the last clock, so
// that it appears together with the beat it belongs to. BITS = 0 is the case of one exponent for
// every state: no table. FILE fills the table before the first clock, one hexadecimal entry a
// line; with WRITABLE, `write` stores write_data at write_address.

`resetall
`timescale 1ns/1ps
`default_nettype none

module exponent_table #(
    parameter ADDRESS_BITS = 8,  // 3 to 12; to 32 with BITS = 0
    parameter BITS = 0,          // 0 to 6; bits of an entry
    parameter [5:0] BASE = 0,    // two's complement
    parameter FILE = "",         // name of the file of entries; unused with BITS = 0
    parameter WRITABLE = 0       // 0 or 1
) (
    input  wire                    clk,
    input  wire [ADDRESS_BITS-1:0] next_address,
    input  wire                    write,
    input  wire [ADDRESS_BITS-1:0] write_address,
    input  wire [5:0]              write_data,
    output wire [5:0]              exponent
);

    generate
        if (BITS == 0) begin : gen_constant
            wire unused = &{1'b0, clk, next_address, write, write_address, write_data};
            assign exponent = BASE;
        end else begin : gen_table
            wire [BITS-1:0] entry;

            row_memory #(
                .ROWS(1 << ADDRESS_BITS), .ADDRESS_BITS(ADDRESS_BITS), .BITS(BITS), .FILE(FILE),
                .WRITABLE(WRITABLE)
            ) u_entries (
                .clk(clk), .next_address(next_address), .write(write),
                .write_address(write_address), .write_data(write_data[BITS-1:0]), .row(entry));

            if (BITS < 6) begin : gen_spare
                wire unused = &{1'b0, write_data[5:BITS]};
            end

            assign exponent = BASE + {{(6-BITS){1'b0}}, entry};
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (ADDRESS_BITS < 3 || ADDRESS_BITS > (BITS == 0 ? 32 : 12)) begin : gen_bad_address_bits
            exponent_table_ADDRESS_BITS_must_be_3_to_12_or_to_32_without_BITS u_error ();
        end
        if (BITS < 0 || BITS > 6) begin : gen_bad_bits
            exponent_table_BITS_must_be_0_to_6 u_error ();
        end
        if (WRITABLE != 0 && WRITABLE != 1) begin : gen_bad_writable
            exponent_table_WRITABLE_must_be_0_or_1 u_error ();
        end
    endgenerate

endmodule

`resetall
