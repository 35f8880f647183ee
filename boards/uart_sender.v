// SPDX-License-Identifier: Apache-2.0
//
// Sender of an asynchronous serial line: 8 data bits, lowest first, no parity, one stop bit.
//
// (The character framing of a 16550.) A byte is taken where `valid` and `ready` are high; `ready`
// depends on registers alone. The line is high between bytes.

`resetall
`timescale 1ns/1ps
`default_nettype none

module uart_sender #(
    parameter CLOCKS_PER_BIT = 12  // 4 to 65535
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       valid,
    output wire       ready,
    input  wire [7:0] data,
    output wire       line
);

    localparam COUNT_BITS = $clog2(CLOCKS_PER_BIT);
    localparam [31:0] WHOLE = CLOCKS_PER_BIT - 1;

    reg                  line_q;
    reg [COUNT_BITS-1:0] count_q;  // clocks to the next bit
    reg [3:0]            left_q;   // bits that follow the one on the line, and its own time
    reg [8:0]            bits_q;

    wire next = count_q == {COUNT_BITS{1'b0}};

    assign ready = left_q == 4'd0;
    assign line  = line_q;

    always @(posedge clk) begin
        if (rst)
            left_q <= 4'd0;
        else if (ready)
            left_q <= valid ? 4'd10 : 4'd0;
        else if (next)
            left_q <= left_q - 4'd1;
        if (ready || next)
            count_q <= WHOLE[COUNT_BITS-1:0];
        else
            count_q <= count_q - 1'b1;
        if (rst)
            line_q <= 1'b1;
        else if (ready)
            line_q <= !valid;
        else if (next)
            line_q <= bits_q[0];
        if (ready)
            bits_q <= {1'b1, data};
        else if (next)
            bits_q <= {1'b1, bits_q[8:1]};
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (CLOCKS_PER_BIT < 4 || CLOCKS_PER_BIT > 65535) begin : gen_bad_clocks_per_bit
            uart_sender_CLOCKS_PER_BIT_must_be_4_to_65535 u_error ();
        end
    endgenerate

endmodule

`resetall
