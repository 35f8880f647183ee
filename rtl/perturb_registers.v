// SPDX-License-Identifier: Apache-2.0
//
// Register file of the perturbation engine; docs/engine.md has the map.
//
// Sits behind axil_port: answers a write or read in its clock. A register that keeps what is
// written takes each byte by its strobe; one that acts takes whole words only. While `busy` every
// write is refused; while a stream is without its seeds, so is what would wait for its numbers: a
// pass in another mode than restore, a skip of that stream. What is refused is an error and does
// nothing, and so is an address that cannot be written; a write without strobes to one that can
// does nothing either, and is no error.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_registers #(
    parameter LANES = 31,        // 1 to 256
    parameter WEIGHT_BITS = 16,  // 4 to 16
    parameter VALUE_BITS = 9,    // 2 to 25, bits of a word with its half
    parameter SHIFT_BITS = 5,    // up to 6; holds shifts up to WEIGHT_BITS + VALUE_BITS - 2
    parameter SOURCES = 1,       // 1 to 25
    parameter SEGMENTS = 2,      // 1 to 16
    parameter DRAWS = 0,         // 0 to 3
    parameter HAS_RESEED = 0,    // 0 or 1
    parameter STATE_BITS = 8     // 1 and more, bits of a word to load
) (
    input  wire                           clk,
    input  wire                           rst,
    input  wire                           write,
    input  wire [7:0]                     write_address,
    input  wire [31:0]                    write_data,
    input  wire [3:0]                     write_strobe,
    output wire                           write_error,
    input  wire [7:0]                     read_address,
    output reg  [31:0]                    read_data,
    output wire                           read_error,
    input  wire                           busy,
    input  wire                           skipping,
    input  wire [31:0]                    skip_left,
    input  wire                           numbers,
    input  wire                           selected,
    input  wire                           loading,
    input  wire                           unloaded,
    input  wire                           selected_unloaded,
    input  wire [31:0]                    phase,
    output wire                           begin_pass,
    output wire                           skip,
    output wire                           reseed,
    output wire                           clear,
    output wire                           load,
    output wire [STATE_BITS-1:0]          load_data,
    output wire [SOURCES-1:0]             select,
    output wire signed [15:0]             step,
    output wire [4:0]                     step_shift,
    output wire [SEGMENTS*SHIFT_BITS-1:0] shifts,  // places to the right, segment 0 lowest
    output wire [SEGMENTS*32-1:0]         ends     // of the last one zero
);

`include "perturb_engine_map.vh"

    localparam [31:0] SHAPE_VALUE = (HAS_RESEED << 27) | (DRAWS << 25) | (SEGMENTS << 20)
                                  | (SOURCES << 14) | (WEIGHT_BITS << 9) | LANES;
    localparam signed [31:0] LARGEST_SCALE = WEIGHT_BITS - 1;
    localparam signed [31:0] LEAST_SCALE = 1 - VALUE_BITS;
    localparam [31:0] COUNT = SEGMENTS;
    localparam [1:0]  RESTORE = 2'd0;

    wire [7:0] at = {write_address[7:2], 2'b00};
    wire [7:0] from = {read_address[7:2], 2'b00};
    wire unused = &{1'b0, write_address[1:0], read_address[1:0]};

    // Segment registers: those of segment k are 8 k further on.
    wire [3:0] segment = at[6:3] - SCALE[6:3];
    wire [3:0] shown_segment = from[6:3] - SCALE[6:3];
    wire in_segments = at >= SCALE && at < SCALE + 8'h80 && {28'b0, segment} < COUNT;
    wire from_segments = from >= SCALE && from < SCALE + 8'h80 && {28'b0, shown_segment} < COUNT;
    wire is_scale = in_segments && at[2] == SCALE[2];
    wire is_end = in_segments && at[2] == END[2] && {28'b0, segment} + 32'd1 < COUNT;
    wire from_scale = from_segments && from[2] == SCALE[2];
    wire from_end = from_segments && from[2] == END[2]
                 && {28'b0, shown_segment} + 32'd1 < COUNT;

    wire is_stored = at == STEP || at == STEP_SHIFT || at == SELECT || is_scale || is_end;
    wire is_command = at == CONTROL || at == SKIP || at == RESEED || at == SEED || at == SEED_HIGH;

    wire any_strobe = write_strobe != 4'b0000;
    wire all_strobes = write_strobe == 4'b1111;
    wire signed [31:0] scale = {{24{write_data[7]}}, write_data[7:0]};
    wire scale_fits = scale >= LEAST_SCALE && scale <= LARGEST_SCALE;
    wire is_reseed = write_data == 32'd1 && HAS_RESEED != 0 && selected;
    wire is_clear = write_data == 32'd2;
    wire refused = busy
                || (is_command && !all_strobes)
                || (is_scale && write_strobe[0] && !scale_fits)
                || (at == CONTROL && write_data[1:0] != RESTORE && unloaded)
                || (at == SKIP && selected_unloaded)
                || (at == SEED && !loading)
                || (at == RESEED && !is_reseed && !is_clear);

    assign write_error = !(is_stored || is_command) || (any_strobe && refused);

    wire write_accepted = write && any_strobe && !write_error;

    assign begin_pass = write_accepted && at == CONTROL;
    assign skip       = write_accepted && at == SKIP;
    assign reseed     = write_accepted && at == RESEED && is_reseed;
    assign clear      = write_accepted && at == RESEED && is_clear;
    assign load       = write_accepted && at == SEED;

    reg [15:0] step_q;
    reg [4:0]  step_shift_q;
    reg [31:0] select_q;
    assign select     = select_q[SOURCES-1:0];
    assign step       = step_q;
    assign step_shift = step_shift_q;

    wire [31:0] merge = {{8{write_strobe[3]}}, {8{write_strobe[2]}},
                         {8{write_strobe[1]}}, {8{write_strobe[0]}}};
    wire [31:0] new_select = (write_data & merge) | (select_q & ~merge);
    wire [31:0] select_mask = (32'd1 << SOURCES) - 32'd1;

    always @(posedge clk) begin
        if (rst)
            step_q <= 16'd0;
        else if (write_accepted && at == STEP)
            step_q <= (write_data[15:0] & merge[15:0]) | (step_q & ~merge[15:0]);

        if (rst)
            step_shift_q <= 5'd0;
        else if (write_accepted && at == STEP_SHIFT && write_strobe[0])
            step_shift_q <= write_data[4:0];

        if (rst)
            select_q <= select_mask;
        else if (write_accepted && at == SELECT)
            select_q <= new_select & select_mask;
    end

    // A word to load is SEED with what was written to SEED_HIGH above it, the last write lowest.
    generate
        if (HAS_RESEED != 0 && STATE_BITS > 32) begin : gen_high
            reg [STATE_BITS-33:0] high_q;
            wire [STATE_BITS-1:0] pushed = {high_q, write_data};

            always @(posedge clk)
                if (write_accepted && at == SEED_HIGH)
                    high_q <= pushed[STATE_BITS-33:0];

            assign load_data = pushed;
        end else if (STATE_BITS > 32) begin : gen_never
            assign load_data = {STATE_BITS{1'b0}};
        end else begin : gen_low
            assign load_data = write_data[STATE_BITS-1:0];
        end
    endgenerate

    wire [SEGMENTS*32-1:0] scales;  // as they are read

    genvar k;
    generate
        for (k = 0; k < SEGMENTS; k = k + 1) begin : gen_segment
            localparam [31:0] NUMBER = k;
            localparam [31:0] PLACES = WEIGHT_BITS - 1;
            wire is_own = segment == NUMBER[3:0];
            reg [7:0] scale_q;
            wire [31:0] shown = {{24{scale_q[7]}}, scale_q};
            wire [31:0] places = PLACES - shown;

            always @(posedge clk) begin
                if (rst)
                    scale_q <= 8'd0;
                else if (write_accepted && is_scale && is_own && write_strobe[0])
                    scale_q <= write_data[7:0];
            end

            assign scales[k*32 +: 32] = shown;
            assign shifts[k*SHIFT_BITS +: SHIFT_BITS] = places[SHIFT_BITS-1:0];
            wire unused_places = &{1'b0, places[31:SHIFT_BITS]};

            if (k + 1 < SEGMENTS) begin : gen_end
                reg [31:0] end_q;

                always @(posedge clk) begin
                    if (rst)
                        end_q <= 32'd0;
                    else if (write_accepted && is_end && is_own)
                        end_q <= (write_data & merge) | (end_q & ~merge);
                end

                assign ends[k*32 +: 32] = end_q;
            end else begin : gen_last
                assign ends[k*32 +: 32] = 32'd0;
            end
        end
    endgenerate

    assign read_error = !(from_scale || from_end || from == ID || from == VERSION || from == SHAPE
                          || from == STATUS || from == CONTROL || from == STEP
                          || from == STEP_SHIFT || from == PHASE || from == SELECT || from == SKIP
                          || from == RESEED || from == SEED || from == SEED_HIGH);

    always @* begin
        case (from)
            ID:         read_data = ID_VALUE;
            VERSION:    read_data = VERSION_VALUE;
            SHAPE:      read_data = SHAPE_VALUE;
            STATUS:     read_data = {27'b0, unloaded, loading, numbers, skipping, busy};
            STEP:       read_data = {{16{step_q[15]}}, step_q};
            STEP_SHIFT: read_data = {27'b0, step_shift_q};
            PHASE:      read_data = phase;
            SELECT:     read_data = select_q;
            SKIP:       read_data = skip_left;
            default:    read_data = from_scale ? scales[shown_segment*32 +: 32]
                                  : from_end   ? ends[shown_segment*32 +: 32]
                                  : 32'd0;
        endcase
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            perturb_registers_LANES_must_be_1_to_256 u_error ();
        end
        if (WEIGHT_BITS < 4 || WEIGHT_BITS > 16) begin : gen_bad_weight_bits
            perturb_registers_WEIGHT_BITS_must_be_4_to_16 u_error ();
        end
        if (VALUE_BITS < 2 || VALUE_BITS > 25) begin : gen_bad_value_bits
            perturb_registers_VALUE_BITS_must_be_2_to_25 u_error ();
        end
        if (SHIFT_BITS > 6 || (1 << SHIFT_BITS) < WEIGHT_BITS + VALUE_BITS - 1)
        begin : gen_bad_shift_bits
            perturb_registers_SHIFT_BITS_must_hold_the_largest_shift u_error ();
        end
        if (SOURCES < 1 || SOURCES > 25) begin : gen_bad_sources
            perturb_registers_SOURCES_must_be_1_to_25 u_error ();
        end
        if (SEGMENTS < 1 || SEGMENTS > 16) begin : gen_bad_segments
            perturb_registers_SEGMENTS_must_be_1_to_16 u_error ();
        end
        if (DRAWS < 0 || DRAWS > 3) begin : gen_bad_draws
            perturb_registers_DRAWS_must_be_0_to_3 u_error ();
        end
        if (HAS_RESEED != 0 && HAS_RESEED != 1) begin : gen_bad_has_reseed
            perturb_registers_HAS_RESEED_must_be_0_or_1 u_error ();
        end
        if (STATE_BITS < 1) begin : gen_bad_state_bits
            perturb_registers_STATE_BITS_must_be_1_or_more u_error ();
        end
    endgenerate

endmodule

`resetall
