// SPDX-License-Identifier: Apache-2.0
//
// Drives one stream top from a script, a line a clock, and writes down what it shows.
//
// The script's lines are hexadecimal, bit 0 rst, 1 start, 2 replay, 3 reseed, 4 out_ready,
// 5 load_valid. Just before each rising edge a line of the trace tells load_ready and, while
// out_valid is high, the exponent and the data. The bench raises `go` to run up to clock `stop`
// and waits for `idle`; in between it may look at registers and set them. Defines: DATA_BITS,
// LOAD_BITS, and PEZO_RESEED and PEZO_EXPONENT where the top has those ports.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_harness;

    parameter CYCLES = `CYCLES;
    parameter LOADS = `LOADS;

    reg clk = 1'b0;
    reg go = 1'b0;
    reg idle = 1'b1;
    integer stop = 0;
    integer cycle = 0;
    integer loaded = 0;
    integer trace;

    reg [5:0] script [0:CYCLES-1];
    reg [`LOAD_BITS-1:0] loads [0:LOADS];
    reg [5:0] drive = 6'b0;

    wire rst        = drive[0];
    wire start      = drive[1];
    wire replay     = drive[2];
    wire reseed     = drive[3];
    wire out_ready  = drive[4];
    wire load_valid = drive[5];
    wire load_ready;
    wire out_valid;
    wire [`DATA_BITS-1:0] out_data;
    wire [5:0] out_exponent;

    reg [`LOAD_BITS-1:0] load_data = 0;

    pezo_top u_top (
        .clk(clk), .rst(rst), .start(start), .replay(replay),
`ifdef PEZO_RESEED
        .reseed(reseed), .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
`endif
`ifdef PEZO_EXPONENT
        .out_exponent(out_exponent),
`endif
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data)
    );

`ifndef PEZO_RESEED
    assign load_ready = 1'b0;
`endif
`ifndef PEZO_EXPONENT
    assign out_exponent = 6'b0;
`endif

    initial begin
        $readmemh("script.hex", script);
        $readmemh("loads.hex", loads);
        trace = $fopen("trace.txt", "w");
        load_data = loads[0];
    end

    always @(posedge go) begin
        idle = 1'b0;
        while (cycle < stop) begin
            drive = script[cycle];
            clk = 1'b0;
            #1;
            if (out_valid === 1'b1)
                $fwrite(trace, "%b1%h_%h\n", load_ready, out_exponent, out_data);
            else
                $fwrite(trace, "%b%b\n", load_ready, out_valid);
            if (load_ready === 1'b1 && load_valid && !rst) begin
                loaded = loaded + 1;
            end
            clk = 1'b1;
            load_data <= loads[loaded];
            #1;
            cycle = cycle + 1;
        end
        if (cycle == CYCLES)
            $fclose(trace);
        idle = 1'b1;
    end

endmodule

`resetall
