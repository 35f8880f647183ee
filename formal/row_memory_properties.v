// SPDX-License-Identifier: Apache-2.0
//
// Properties of row_memory: the row asked for a clock ago, as it was written last.

`resetall
`timescale 1ns/1ps
`default_nettype none

module row_memory_properties #(
    parameter BITS = 4  // 1 and more
) (
    input wire            clk,
    input wire [1:0]      next_address,
    input wire            write,
    input wire [1:0]      write_address,
    input wire [BITS-1:0] write_data
);

    wire [BITS-1:0] row;

    row_memory #(
        .ROWS(3), .ADDRESS_BITS(2), .BITS(BITS), .WRITABLE(1)
    ) dut (
        .clk(clk), .next_address(next_address), .write(write), .write_address(write_address),
        .write_data(write_data), .row(row));

    (* hierconn *) wire [BITS-1:0] \dut.gen_ram.rows[0] ;
    (* hierconn *) wire [BITS-1:0] \dut.gen_ram.rows[1] ;
    (* hierconn *) wire [BITS-1:0] \dut.gen_ram.rows[2] ;

    // The row of any one address is watched.
    (* anyconst *) wire [1:0] watched;
    reg            written_q = 1'b0;
    reg [BITS-1:0] content_q;
    reg            asked_q = 1'b0;  // for the watched row, which had been written
    reg [BITS-1:0] expected_q;
    always @(posedge clk) begin
        if (write && write_address == watched) begin
            written_q <= 1'b1;
            content_q <= write_data;
        end
        asked_q <= written_q && next_address == watched;
        expected_q <= content_q;
    end

    always @* begin
        assume (watched < 3);
        if (asked_q)
            last_write: assert (row == expected_q);
        if (written_q)
            invariant_content: assert (content_q == (watched == 0 ? \dut.gen_ram.rows[0]
                                                   : watched == 1 ? \dut.gen_ram.rows[1]
                                                   :                \dut.gen_ram.rows[2] ));
    end

endmodule

`resetall
