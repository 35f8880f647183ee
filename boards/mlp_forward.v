// SPDX-License-Identifier: Apache-2.0
//
// Forward pass of a perceptron with one hidden layer, over weights that come as a stream. The
// `logits` of pezoexplore.train.networks.fixed_mlp, integer for integer.
//
// A beat holds LANES weights, lane 0 lowest, in the order of the trainer: the rows of the first
// layer's matrix, its biases, the rows and biases of the second. No weight is stored: each beat is
// multiplied with as many inputs and added to the accumulator of its row. A layer then outputs
// saturate(max(round(acc / 2**DROP), 0)), halves away from zero, the last one round(acc / 2**DROP).
// Timing: a beat of a matrix is taken at every clock, one of biases takes 3 clocks a bias.
// next_column asks for the inputs of a column of beats, which `inputs` must show at the next clock.
// `begin_pass` begins; `done` is high for one clock when `top`, the largest logit, is there, and
// the logits can be read by logit_address, one clock later, until the next pass ends.

`resetall
`timescale 1ns/1ps
`default_nettype none

module mlp_forward #(
    parameter LANES = 2,        // 1 to 8
    parameter INPUTS = 64,      // 2*LANES to 1024, a multiple of LANES
    parameter HIDDEN = 32,      // 2*LANES to 1024, a multiple of LANES
    parameter CLASSES = 10,     // 2 to 16
    parameter BIAS_SHIFT_1 = 6, // 0 to 15, fraction bits of the inputs
    parameter BIAS_SHIFT_2 = 4, // 0 to 15, fraction bits of the hidden activations
    parameter DROP_1 = 16,      // 1 to 24, fraction bits that the first layer drops
    parameter DROP_2 = 6,       // 1 to 24, fraction bits that the second layer drops
    parameter COLUMN_BITS = 5,  // 1 to 10, 2**COLUMN_BITS at least INPUTS/LANES, HIDDEN/LANES
    parameter ROW_BITS = 5      // 4 to 10, 2**ROW_BITS at least HIDDEN and CLASSES
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   begin_pass,
    input  wire                   beat_valid,
    output wire                   beat_ready,
    input  wire [LANES*16-1:0]    beat,
    output wire [COLUMN_BITS-1:0] next_column,
    input  wire [LANES*8-1:0]     inputs,
    output wire                   done,
    output wire signed [31:0]     top,
    input  wire [ROW_BITS-1:0]    logit_address,
    output wire signed [31:0]     logit
);

    localparam LANE_BITS = LANES > 1 ? $clog2(LANES) : 1;
    localparam [31:0] LAST_LANE = LANES - 1;
    localparam [31:0] LAST_INPUT = INPUTS / LANES - 1;
    localparam [31:0] LAST_UNIT = HIDDEN / LANES - 1;
    localparam [31:0] LAST_HIDDEN = HIDDEN - 1;
    localparam [31:0] LAST_CLASS = CLASSES - 1;
    localparam signed [31:0] HALF_1 = 1 << (DROP_1 - 1);
    localparam signed [31:0] HALF_2 = 1 << (DROP_2 - 1);

    // Where the beat stands

    reg                   second_q;  // the second layer
    reg                   bias_q;    // its biases
    reg [COLUMN_BITS-1:0] column_q;
    reg [ROW_BITS-1:0]    row_q;
    reg [LANE_BITS-1:0]   lane_q;    // of the bias that is added
    reg [1:0]             phase_q;   // of adding a bias: read, add, store
    reg [COLUMN_BITS-1:0] place_q;   // of its activation
    reg                   done_q;

    wire taken       = beat_valid && beat_ready;
    wire last_column = column_q == (second_q ? LAST_UNIT[COLUMN_BITS-1:0]
                                             : LAST_INPUT[COLUMN_BITS-1:0]);
    wire last_row    = row_q == (second_q ? LAST_CLASS[ROW_BITS-1:0] : LAST_HIDDEN[ROW_BITS-1:0]);
    wire store       = bias_q && phase_q == 2'd2;
    wire last_lane   = lane_q == LAST_LANE[LANE_BITS-1:0] || last_row;
    wire ends        = store && last_row;
    wire row_ends    = store || (taken && !bias_q && last_column);

    assign beat_ready  = bias_q ? store && last_lane : 1'b1;
    assign next_column = (taken && !bias_q) ? (last_column ? {COLUMN_BITS{1'b0}} : column_q + 1'b1)
                                            : column_q;
    assign done = done_q;

    always @(posedge clk) begin
        column_q <= (rst || begin_pass) ? {COLUMN_BITS{1'b0}} : next_column;
        done_q   <= !rst && ends && second_q;
        if (rst || begin_pass) begin
            second_q <= 1'b0;
            bias_q   <= 1'b0;
            row_q    <= {ROW_BITS{1'b0}};
        end else if (row_ends) begin
            second_q <= second_q ^ ends;
            bias_q   <= bias_q ^ last_row;
            row_q    <= last_row ? {ROW_BITS{1'b0}} : row_q + 1'b1;
        end
        if (rst || begin_pass || store)
            phase_q <= 2'd0;
        else if (bias_q && beat_valid)
            phase_q <= phase_q + 2'd1;
        if (rst || begin_pass || !bias_q)
            place_q <= {COLUMN_BITS{1'b0}};
        else if (store && last_lane)
            place_q <= place_q + 1'b1;
        if (rst || begin_pass || (store && last_lane))
            lane_q <= {LANE_BITS{1'b0}};
        else if (store)
            lane_q <= lane_q + 1'b1;
    end

    // Products, and the accumulators of the rows

    reg  [LANES*24-1:0]       products_q;
    reg                       product_q;  // there are products
    reg                       first_q;
    reg                       last_q;
    reg  [ROW_BITS-1:0]       product_row_q;
    reg signed [31:0]         sum_q;
    wire [LANES*8-1:0]        hidden;
    wire [LANES*8-1:0]        operands = second_q ? hidden : inputs;
    wire signed [31:0]        partial [0:LANES];
    wire signed [31:0]        total = partial[LANES];

    reg signed [31:0] rows [0:(1<<ROW_BITS)-1];
    reg signed [31:0] read_q;

    assign partial[0] = first_q ? 32'sd0 : sum_q;

    always @(posedge clk) begin
        product_q     <= !rst && taken && !bias_q;
        first_q       <= column_q == {COLUMN_BITS{1'b0}};
        last_q        <= last_column;
        product_row_q <= row_q;
        if (product_q)
            sum_q <= total;
    end

    always @(posedge clk) begin
        read_q <= rows[row_q];
        if (product_q && last_q)
            rows[product_row_q] <= total;
    end

    // A bias

    wire signed [15:0] bias = beat[lane_q*16 +: 16];
    wire signed [31:0] wide = {{16{bias[15]}}, bias};
    reg  signed [31:0] value_q;
    wire signed [31:0] carry = {32{value_q[31]}};
    wire signed [31:0] unit = (value_q + HALF_1 + carry) >>> DROP_1;
    wire signed [31:0] score = (value_q + HALF_2 + carry) >>> DROP_2;
    wire [7:0] activation = unit[31] ? 8'd0 : unit[30:7] != 24'd0 ? 8'd127 : unit[7:0];
    reg  signed [31:0] top_q;

    always @(posedge clk) begin
        value_q <= read_q + (second_q ? wide <<< BIAS_SHIFT_2 : wide <<< BIAS_SHIFT_1);
        if (store && second_q && (row_q == {ROW_BITS{1'b0}} || score > top_q))
            top_q <= score;
    end

    assign top = top_q;

    // What the layers output

    reg signed [31:0] logits [0:15];
    reg signed [31:0] logit_q;

    assign logit = logit_q;

    always @(posedge clk) begin
        logit_q <= logits[logit_address[3:0]];
        if (store && second_q)
            logits[row_q[3:0]] <= score;
    end

    wire unused = &{1'b0, logit_address};

    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
            localparam [LANE_BITS-1:0] NUMBER = lane;
            wire signed [15:0] weight  = beat[lane*16 +: 16];
            wire signed [7:0]  operand = operands[lane*8 +: 8];
            wire signed [23:0] product = products_q[lane*24 +: 24];
            assign partial[lane+1] = partial[lane] + {{8{product[23]}}, product};

            always @(posedge clk)
                products_q[lane*24 +: 24] <= weight * operand;

            // Activations of every LANES-th hidden unit
            reg [7:0] units [0:(1<<COLUMN_BITS)-1];
            reg [7:0] unit_q;
            assign hidden[lane*8 +: 8] = unit_q;

            always @(posedge clk) begin
                unit_q <= units[next_column];
                if (store && !second_q && lane_q == NUMBER)
                    units[place_q] <= activation;
            end
        end
    endgenerate

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 8) begin : gen_bad_lanes
            mlp_forward_LANES_must_be_1_to_8 u_error ();
        end
        if (INPUTS < 2 * LANES || INPUTS > 1024 || INPUTS % LANES != 0) begin : gen_bad_inputs
            mlp_forward_INPUTS_must_be_2_LANES_to_1024_and_a_multiple_of_LANES u_error ();
        end
        if (HIDDEN < 2 * LANES || HIDDEN > 1024 || HIDDEN % LANES != 0) begin : gen_bad_hidden
            mlp_forward_HIDDEN_must_be_2_LANES_to_1024_and_a_multiple_of_LANES u_error ();
        end
        if (CLASSES < 2 || CLASSES > 16) begin : gen_bad_classes
            mlp_forward_CLASSES_must_be_2_to_16 u_error ();
        end
        if (BIAS_SHIFT_1 < 0 || BIAS_SHIFT_1 > 15) begin : gen_bad_bias_shift_1
            mlp_forward_BIAS_SHIFT_1_must_be_0_to_15 u_error ();
        end
        if (BIAS_SHIFT_2 < 0 || BIAS_SHIFT_2 > 15) begin : gen_bad_bias_shift_2
            mlp_forward_BIAS_SHIFT_2_must_be_0_to_15 u_error ();
        end
        if (DROP_1 < 1 || DROP_1 > 24) begin : gen_bad_drop_1
            mlp_forward_DROP_1_must_be_1_to_24 u_error ();
        end
        if (DROP_2 < 1 || DROP_2 > 24) begin : gen_bad_drop_2
            mlp_forward_DROP_2_must_be_1_to_24 u_error ();
        end
        if (COLUMN_BITS < 1 || COLUMN_BITS > 10 || (LANES << COLUMN_BITS) < INPUTS
            || (LANES << COLUMN_BITS) < HIDDEN) begin : gen_bad_column_bits
            mlp_forward_COLUMN_BITS_must_be_1_to_10_and_reach_all_columns u_error ();
        end
        if (ROW_BITS < 4 || ROW_BITS > 10 || (1 << ROW_BITS) < HIDDEN) begin : gen_bad_row_bits
            mlp_forward_ROW_BITS_must_be_4_to_10_and_reach_HIDDEN u_error ();
        end
    endgenerate

endmodule

`resetall
