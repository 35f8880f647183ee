// SPDX-License-Identifier: Apache-2.0
//
// Reuse strategy `pool`: ROWS rows of LANES words made beforehand and read cyclically (PeZO, arXiv
// 2504.20314, pre-generation).
//
// Handshake and pulses as in stream_none.v; the address of the next row is formed ahead of the
// memory's register, so replay costs no clock. Without HAS_RESEED the rows are the initial contents
// of the memory, from FILE. With HAS_RESEED one generator of the family KIND fills the memory, a
// word a clock, row by row, lane 0 first: after rst from SEED, after `reseed` from the one state
// that the host loads; out_valid is low meanwhile and returns two clocks after the last word, in
// the second of which a reseed is obeyed.
// Each row may keep a scale exponent in its top EXPONENT_BITS bits: from FILE, or, with HAS_RESEED,
// found while the row is filled, from the sum of (2 w + HALF)**2 against THRESHOLDS: EXPONENT_BASE
// plus the number of thresholds that the sum does not exceed.
// With LOCKUP_RECOVERY a filler in the state of zeros, in which it stands still, is set to SEED
// after one word of that state.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_pool #(
    parameter KIND = "lfsr",          // a family of generator.v
    parameter BIT_WIDTH = 8,          // as the family allows
    parameter STATE_BITS = 8,         // as the family allows
    parameter LEAP = 1,               // as the family allows
    parameter LANES = 31,             // 1 to 256
    parameter ROWS = 137,             // 1 to 2**24; a prime, lest steps of as many beats recur
    parameter HAS_RESEED = 1,         // 0 or 1
    parameter HALF = 0,               // 0 or 1; 1: a word w stands for w + 1/2
    parameter EXPONENT_BITS = 0,      // 0 to 6; 0: the exponent is EXPONENT_BASE throughout
    parameter [5:0] EXPONENT_BASE = 0,  // two's complement
    parameter SUM_BITS = 32,          // 2*BIT_WIDTH+5 and more, see pool_filler.v; bits of a sum
    parameter THRESHOLD_COUNT = 1,    // 1 to 2**EXPONENT_BITS - 1
    parameter [THRESHOLD_COUNT*SUM_BITS-1:0] THRESHOLDS = 0,  // any; threshold 0 lowest
    parameter FILE = "",              // name of a file of hexadecimal rows; unused with HAS_RESEED
    parameter ZERO_IS_LEGAL = 0,      // 0 or 1; 1: the family has no state that never changes
    parameter LOCKUP_RECOVERY = 0,    // 0 or 1; 0 with ZERO_IS_LEGAL
    parameter [STATE_BITS-1:0] SEED = 1  // filler's state after rst, not zero unless ZERO_IS_LEGAL
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       start,
    input  wire                       replay,
    input  wire                       reseed,
    input  wire                       load_valid,
    output wire                       load_ready,
    input  wire [STATE_BITS-1:0]      load_data,
    output wire                       out_valid,
    input  wire                       out_ready,
    output wire [LANES*BIT_WIDTH-1:0] out_data,
    output wire [5:0]                 out_exponent
);

    localparam ROW_BITS = LANES * BIT_WIDTH + EXPONENT_BITS;
    localparam ADDRESS_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
    localparam [31:0] LAST_ROW = ROWS - 1;

    wire busy;       // loading or filling: pulses are ignored
    wire row_filled; // the row at row_q is complete and being written
    wire accept = out_valid && out_ready;
    wire reseed_taken = reseed && HAS_RESEED != 0 && !busy;

    reg  [ADDRESS_BITS-1:0] row_q;
    reg  [ADDRESS_BITS-1:0] kept_q;
    wire at_last = row_q == LAST_ROW[ADDRESS_BITS-1:0];
    wire [ADDRESS_BITS-1:0] following = at_last ? {ADDRESS_BITS{1'b0}} : row_q + 1'b1;
    wire [ADDRESS_BITS-1:0] next_row = (rst || reseed_taken)        ? {ADDRESS_BITS{1'b0}}
                                     : (replay && !busy)            ? kept_q
                                     : (accept || row_filled)       ? following
                                     : row_q;

    always @(posedge clk) begin
        row_q <= next_row;
        if (rst || reseed_taken)
            kept_q <= {ADDRESS_BITS{1'b0}};
        else if (start && !replay && !busy)
            kept_q <= row_q;
    end

    wire [ROW_BITS-1:0] shown;
    wire [ROW_BITS-1:0] filled_row;

    row_memory #(
        .ROWS(ROWS), .ADDRESS_BITS(ADDRESS_BITS), .BITS(ROW_BITS), .FILE(FILE),
        .WRITABLE(HAS_RESEED)
    ) u_rows (
        .clk(clk), .next_address(next_row), .write(row_filled), .write_address(row_q),
        .write_data(filled_row), .row(shown));

    assign out_data = shown[LANES*BIT_WIDTH-1:0];

    generate
        if (EXPONENT_BITS == 0) begin : gen_constant
            assign out_exponent = EXPONENT_BASE;
        end else begin : gen_exponent
            assign out_exponent = EXPONENT_BASE
                                + {{(6-EXPONENT_BITS){1'b0}}, shown[ROW_BITS-1 -: EXPONENT_BITS]};
        end

        if (HAS_RESEED == 0) begin : gen_initial
            wire unused = &{1'b0, reseed, load_valid, load_data, KIND, LEAP != 1, HALF != 0,
                            THRESHOLDS, SEED};
            assign busy = 1'b0;
            assign row_filled = 1'b0;
            assign filled_row = {ROW_BITS{1'b0}};
            assign load_ready = 1'b0;
            assign out_valid = !rst;
        end else begin : gen_fill
            reg  waiting_q;  // for the host's state
            reg  filling_q;
            reg  ready_q;
            wire filled;

            assign busy = waiting_q || filling_q;
            assign load_ready = waiting_q;
            assign out_valid = ready_q && !busy && !rst;

            always @(posedge clk) begin
                waiting_q <= !rst && (waiting_q ? !load_valid : reseed_taken);
                filling_q <= rst || (waiting_q && load_valid)
                          || (filling_q && !(filled && at_last));
                ready_q   <= !rst && !busy && !reseed_taken;
            end

            pool_filler #(
                .KIND(KIND), .BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS), .LEAP(LEAP),
                .LANES(LANES), .HALF(HALF), .EXPONENT_BITS(EXPONENT_BITS), .SUM_BITS(SUM_BITS),
                .THRESHOLD_COUNT(THRESHOLD_COUNT), .THRESHOLDS(THRESHOLDS),
                .LOCKUP_RECOVERY(LOCKUP_RECOVERY), .SEED(SEED)
            ) u_filler (
                .clk(clk), .load(rst || (waiting_q && load_valid)),
                .load_data(rst ? SEED : load_data), .fill(filling_q),
                .filled(filled), .row(filled_row));

            assign row_filled = filling_q && filled;
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            stream_pool_LANES_must_be_1_to_256 u_error ();
        end
        if (ROWS < 1 || ROWS > (1 << 24)) begin : gen_bad_rows
            stream_pool_ROWS_must_be_1_to_16777216 u_error ();
        end
        if (HAS_RESEED != 0 && HAS_RESEED != 1) begin : gen_bad_has_reseed
            stream_pool_HAS_RESEED_must_be_0_or_1 u_error ();
        end
        if (HALF != 0 && HALF != 1) begin : gen_bad_half
            stream_pool_HALF_must_be_0_or_1 u_error ();
        end
        if (EXPONENT_BITS < 0 || EXPONENT_BITS > 6) begin : gen_bad_exponent_bits
            stream_pool_EXPONENT_BITS_must_be_0_to_6 u_error ();
        end
        if (ZERO_IS_LEGAL != 0 && ZERO_IS_LEGAL != 1) begin : gen_bad_zero_is_legal
            stream_pool_ZERO_IS_LEGAL_must_be_0_or_1 u_error ();
        end
        if (LOCKUP_RECOVERY != 0 && (LOCKUP_RECOVERY != 1 || ZERO_IS_LEGAL != 0))
        begin : gen_bad_lockup_recovery
            stream_pool_LOCKUP_RECOVERY_must_be_0_or_1_and_0_with_ZERO_IS_LEGAL u_error ();
        end
        if (ZERO_IS_LEGAL == 0 && SEED == 0) begin : gen_bad_seed
            stream_pool_SEED_must_not_be_0 u_error ();
        end
    endgenerate

endmodule

`resetall
