// SPDX-License-Identifier: Apache-2.0
//
// Receiver of an asynchronous serial line: 8 data bits, lowest first, no parity, one stop bit.
//
// (The character framing of a 16550.) Two registers synchronise the line; a bit is sampled in its
// middle. `valid` is high for one clock with each byte. `line_break` is high for one clock where a
// byte of zeros has no stop bit: the host holds the line low. After that, and after `rst`, the
// line must be high once before a byte can begin.

`resetall
`timescale 1ns/1ps
`default_nettype none

module uart_receiver #(
    parameter CLOCKS_PER_BIT = 12  // 4 to 65535
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       line,
    output wire       valid,
    output wire [7:0] data,
    output wire       line_break
);

    localparam COUNT_BITS = $clog2(CLOCKS_PER_BIT);
    localparam [31:0] WHOLE = CLOCKS_PER_BIT - 1;
    localparam [31:0] HALF = CLOCKS_PER_BIT / 2 - 1;

    reg [1:0]            line_q;
    reg                  ready_q;  // the line was high
    reg                  busy_q;
    reg [COUNT_BITS-1:0] count_q;  // clocks to the next sample
    reg [3:0]            bit_q;    // 0: start bit; 1 to 8: data; 9: stop bit
    reg [7:0]            data_q;

    wire level  = line_q[1];
    wire begins = ready_q && !busy_q && !level;
    wire sample = busy_q && count_q == {COUNT_BITS{1'b0}};
    wire stop   = sample && bit_q == 4'd9;
    wire noise  = sample && bit_q == 4'd0 && level;

    assign valid      = stop && level;
    assign data       = data_q;
    assign line_break = stop && !level && data_q == 8'd0;

    always @(posedge clk) begin
        line_q  <= rst ? 2'b00 : {line_q[0], line};
        ready_q <= !rst && (level || (ready_q && !stop));
        busy_q  <= !rst && (begins || (busy_q && !stop && !noise));
        if (begins)
            count_q <= HALF[COUNT_BITS-1:0];
        else if (sample)
            count_q <= WHOLE[COUNT_BITS-1:0];
        else
            count_q <= count_q - 1'b1;
        if (begins)
            bit_q <= 4'd0;
        else if (sample)
            bit_q <= bit_q + 4'd1;
        if (sample && !stop)
            data_q <= {level, data_q[7:1]};
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (CLOCKS_PER_BIT < 4 || CLOCKS_PER_BIT > 65535) begin : gen_bad_clocks_per_bit
            uart_receiver_CLOCKS_PER_BIT_must_be_4_to_65535 u_error ();
        end
    endgenerate

endmodule

`resetall
