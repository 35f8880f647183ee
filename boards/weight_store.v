// SPDX-License-Identifier: Apache-2.0
//
// The weights in block RAM: `begin_pass` sends all of them, beat by beat, and with `keep` the beats
// that come back are stored in their places. The host loads and reads them between passes.
//
// One beat a clock each way. `stored` is high for one clock with the last beat that comes back.

`resetall
`timescale 1ns/1ps
`default_nettype none

module weight_store #(
    parameter BITS = 32,    // 8 to 128, bits of a beat
    parameter BEATS = 1205  // 1 to 65535
) (
    input  wire            clk,
    input  wire            rst,
    input  wire            begin_pass,
    input  wire            keep,
    output wire [BITS-1:0] out_data,
    output wire            out_valid,
    output wire            out_last,
    input  wire            out_ready,
    input  wire [BITS-1:0] back_data,
    input  wire            back_valid,
    output wire            stored,
    input  wire            host_write,
    input  wire [15:0]     host_place,
    input  wire [BITS-1:0] host_data,
    input  wire            host_read,     // out_data is the row host_row of the last clock
    input  wire [15:0]     host_row
);

    localparam ADDRESS_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam [31:0] LAST = BEATS - 1;

    reg                    sending_q;
    reg [ADDRESS_BITS-1:0] sent_q;
    reg [ADDRESS_BITS-1:0] back_q;

    wire taken = out_valid && out_ready;
    wire kept  = keep && back_valid;
    wire [ADDRESS_BITS-1:0] following = (taken && !out_last) ? sent_q + 1'b1 : sent_q;
    wire unused = &{1'b0, host_place, host_row};

    assign out_valid = sending_q;
    assign out_last  = sent_q == LAST[ADDRESS_BITS-1:0];
    assign stored    = kept && back_q == LAST[ADDRESS_BITS-1:0];

    row_memory #(
        .ROWS(BEATS), .ADDRESS_BITS(ADDRESS_BITS), .BITS(BITS), .WRITABLE(1)
    ) u_rows (
        .clk(clk), .next_address(host_read ? host_row[ADDRESS_BITS-1:0] : following),
        .write(kept || host_write),
        .write_address(host_write ? host_place[ADDRESS_BITS-1:0] : back_q),
        .write_data(host_write ? host_data : back_data), .row(out_data));

    always @(posedge clk) begin
        sending_q <= !rst && (begin_pass || (sending_q && !(taken && out_last)));
        if (rst || (taken && out_last))
            sent_q <= {ADDRESS_BITS{1'b0}};
        else
            sent_q <= following;
        if (rst || begin_pass)
            back_q <= {ADDRESS_BITS{1'b0}};
        else if (kept)
            back_q <= back_q + 1'b1;
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (BITS < 8 || BITS > 128) begin : gen_bad_bits
            weight_store_BITS_must_be_8_to_128 u_error ();
        end
        if (BEATS < 1 || BEATS > 65535) begin : gen_bad_beats
            weight_store_BEATS_must_be_1_to_65535 u_error ();
        end
    endgenerate

endmodule

`resetall
