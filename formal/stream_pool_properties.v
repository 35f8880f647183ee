// SPDX-License-Identifier: Apache-2.0
//
// Properties of stream_pool with contents from a file: the beats delivered are its rows, counted.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_pool_properties #(
    parameter ROWS = 5  // 1 to 8
) (
    input wire clk,
    input wire rst,
    input wire start,
    input wire replay,
    input wire out_ready
);

    localparam ADDRESS_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
    localparam [5:0] BASE = 6'd62;

    wire       load_ready;
    wire       out_valid;
    wire [5:0] out_data;
    wire [5:0] out_exponent;

    stream_pool #(
        .BIT_WIDTH(3), .LANES(2), .ROWS(ROWS), .HAS_RESEED(0), .EXPONENT_BITS(2),
        .EXPONENT_BASE(BASE), .FILE("rows.hex")
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(1'b0), .load_valid(1'b0),
        .load_ready(load_ready), .load_data(8'd0), .out_valid(out_valid), .out_ready(out_ready),
        .out_data(out_data), .out_exponent(out_exponent));

    (* hierconn *) wire [ADDRESS_BITS-1:0] \dut.row_q ;
    (* hierconn *) wire [ADDRESS_BITS-1:0] \dut.kept_q ;
    (* hierconn *) wire [7:0]              \dut.u_rows.row_q ;

    reg [7:0] rows [0:7];
    initial $readmemh("rows.hex", rows);

    // Beats accepted since reset, modulo ROWS, and what `start` kept of that.
    reg [3:0] index_q;
    reg [3:0] kept_index_q;

    // What was seen at the ports.
    reg        past_q = 1'b0;
    reg        waiting_q = 1'b0;
    reg        replayed_q = 1'b0;
    reg [11:0] seen_q;
    reg [11:0] latched_q;
    reg        latched_known_q;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (rst)
            index_q <= 0;
        else if (replay)
            index_q <= kept_index_q;
        else if (out_valid && out_ready)
            index_q <= (index_q == ROWS - 1) ? 0 : index_q + 1'b1;
        if (rst)
            kept_index_q <= 0;
        else if (start && !replay)
            kept_index_q <= index_q;

        waiting_q <= !rst && !replay && out_valid && !out_ready;
        replayed_q <= !rst && replay && latched_known_q;
        seen_q <= {out_exponent, out_data};
        latched_known_q <= !rst && (latched_known_q || (start && !replay));
        if (start && !replay)
            latched_q <= {out_exponent, out_data};
    end

    wire [7:0] row = rows[index_q[2:0]];
    wire [7:0] kept_row = rows[kept_index_q[2:0]];
    wire [5:0] exponent = BASE + row[7:6];
    wire [5:0] kept_exponent = BASE + kept_row[7:6];

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            if (waiting_q && !rst)
                held: assert (out_valid && {out_exponent, out_data} == seen_q);
            if (out_valid)
                delivered: assert ({out_exponent, out_data} == {exponent, row[5:0]});
            if (replayed_q && !rst)
                replayed: assert (out_valid && {out_exponent, out_data} == latched_q);
            valid: assert (out_valid == !rst && !load_ready);
            in_range: assert (\dut.row_q < ROWS && \dut.kept_q < ROWS);

            invariant_index: assert (\dut.row_q == index_q && index_q < ROWS);
            invariant_kept: assert (\dut.kept_q == kept_index_q && kept_index_q < ROWS);
            invariant_row: assert (\dut.u_rows.row_q == row);
            if (latched_known_q)
                invariant_latched: assert (latched_q == {kept_exponent, kept_row[5:0]});
        end
    end

endmodule

`resetall
