// SPDX-License-Identifier: Apache-2.0
//
// Host of a board in simulation: sends bytes over the serial line and notes what comes back.
//
// script.hex holds an operation a line, three hexadecimal digits: 0bb sends byte bb, 100 waits until
// as many bytes have come back as the line below says (six digits in two lines of three), 200 holds
// the line low for 20 bits, 300 ends. Each byte that comes back is a line of answer.hex. A byte that
// has no stop bit, a wait of more than PATIENCE clocks and an undefined line end the simulation.

`resetall
`timescale 1ns/1ps
`default_nettype none

module bench;
    parameter CLOCKS_PER_BIT = 4;
    parameter OPERATIONS = 1;
    parameter PATIENCE = 10000000;

    reg  clk = 1'b0;
    reg  to_board = 1'b1;
    wire from_board;

    always #5 clk = !clk;

    reg [11:0] script [0:OPERATIONS-1];
    integer    out;
    integer    received = 0;
    integer    at;
    integer    i;
    integer    wanted;
    integer    waited;

    board_under_test #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) board (
        .clk(clk), .rx(to_board), .tx(from_board));

    task line_for;
        input level;
        input integer bits;
        begin
            to_board = level;
            repeat (bits * CLOCKS_PER_BIT) @(negedge clk);
        end
    endtask

    task send;
        input [7:0] value;
        begin
            line_for(1'b0, 1);
            for (i = 0; i < 8; i = i + 1)
                line_for(value[i], 1);
            line_for(1'b1, 1);
        end
    endtask

    initial begin
        $readmemh("script.hex", script);
        out = $fopen("answer.hex", "w");
        repeat (300) @(negedge clk);
        at = 0;
        while (script[at] !== 12'h300) begin
            case (script[at][11:8])
                4'h0: send(script[at][7:0]);
                4'h1: begin
                    wanted = {8'd0, script[at+1], script[at+2]};
                    at = at + 2;
                    waited = 0;
                    while (received < wanted && waited < PATIENCE) begin
                        @(negedge clk);
                        waited = waited + 1;
                    end
                    if (received < wanted) begin
                        $display("bench: %0d bytes came back, not %0d", received, wanted);
                        $finish;
                    end
                end
                default: begin
                    line_for(1'b0, 20);
                    line_for(1'b1, 1);
                    repeat (300) @(negedge clk);
                end
            endcase
            at = at + 1;
        end
        repeat (20 * CLOCKS_PER_BIT) @(negedge clk);
        $display("bench: end");
        $finish;
    end

    reg [7:0] value;
    integer   k;

    always @(negedge from_board) begin
        repeat (CLOCKS_PER_BIT / 2) @(posedge clk);
        for (k = 0; k < 8; k = k + 1) begin
            repeat (CLOCKS_PER_BIT) @(posedge clk);
            value[k] = from_board;
        end
        repeat (CLOCKS_PER_BIT) @(posedge clk);
        if (from_board !== 1'b1 || ^value === 1'bx) begin
            $display("bench: a byte without a stop bit, or undefined");
            $finish;
        end
        $fdisplay(out, "%02x", value);
        received = received + 1;
    end
endmodule

`resetall
