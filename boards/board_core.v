// SPDX-License-Identifier: Apache-2.0
//
// A board that trains a perceptron by zeroth-order steps: everything between the two wires of its
// serial line. Weights stand in block RAM, examples in the largest memory; the host sends both, and
// for each step the learning rate and the numbers of the examples (host_link.v has the commands).
//
// Two-point steps as in pezoexplore.train.fixed_loop, rounded to nearest, integer for integer:
// pezo_engine, which is generated from the design point, perturbs and updates the weights.
// A byte of zeros without a stop bit (a break of the line) resets everything but the memories.

`resetall
`timescale 1ns/1ps
`default_nettype none

module board_core #(
    parameter CLOCKS_PER_BIT = 12, // 4 to 65535, of the serial line
    parameter LANES = 2,           // 1 to 4, weights a beat
    parameter INPUTS = 64,         // 2*LANES to 1024, a multiple of LANES
    parameter HIDDEN = 32,         // 2*LANES to 1024, a multiple of LANES
    parameter CLASSES = 10,        // 2 to 16
    parameter EXAMPLES = 1437,     // 1 to 4096
    parameter BIAS_SHIFT_1 = 6,    // 0 to 15, as in mlp_forward.v; these three likewise
    parameter BIAS_SHIFT_2 = 4,    // 0 to 15
    parameter DROP_1 = 16,         // 1 to 24
    parameter DROP_2 = 6,          // 1 to 24
    parameter HUGE = 0             // 0 or 1; 1: examples in SPRAM
) (
    input  wire clk,
    input  wire rx,
    output wire tx,
    output wire training  // a step is under way
);

    localparam WEIGHTS = HIDDEN * (INPUTS + 1) + CLASSES * (HIDDEN + 1);
    localparam BEATS = (WEIGHTS + LANES - 1) / LANES;
    localparam BITS = LANES * 16;
    localparam COLUMNS = INPUTS / LANES;
    localparam UNITS = HIDDEN / LANES;
    localparam COLUMN_BITS = $clog2(COLUMNS > UNITS ? COLUMNS : UNITS);
    localparam ROW_BITS = HIDDEN > 16 ? $clog2(HIDDEN) : 4;
    localparam WORDS = EXAMPLES * COLUMNS;
    localparam WORD_BITS = $clog2(WORDS);

    // Reset and serial line

    wire       rst;
    wire       line_break;
    wire       in_valid;
    wire [7:0] in_data;
    wire       out_valid;
    wire       out_ready;
    wire [7:0] out_data;

    power_up #(.CLOCKS(255)) u_power_up (.clk(clk), .again(line_break), .rst(rst));

    uart_receiver #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) u_receiver (
        .clk(clk), .rst(rst), .line(rx), .valid(in_valid), .data(in_data),
        .line_break(line_break));

    uart_sender #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) u_sender (
        .clk(clk), .rst(rst), .valid(out_valid), .ready(out_ready), .data(out_data), .line(tx));

    // Commands

    wire               host_write;
    wire               host_read;
    wire [7:0]         host_address;
    wire [31:0]        host_data;
    wire               access_done;
    wire               access_failed;
    wire [31:0]        read_data;
    wire               weights_valid;
    wire               inputs_valid;
    wire               choice_valid;
    wire [15:0]        place;
    wire [BITS-1:0]    item;
    wire [15:0]        example;
    wire               dumping;
    wire [15:0]        dump_row;
    wire [BITS-1:0]    stored_beat;
    wire               step;
    wire [14:0]        rate;
    wire [6:0]         count;
    wire               step_done;
    wire signed [31:0] difference;
    wire signed [15:0] size;

    host_link #(.LANES(LANES), .BEATS(BEATS), .COLUMNS(COLUMNS)) u_host (
        .clk(clk), .rst(rst), .in_valid(in_valid), .in_data(in_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data),
        .write(host_write), .read(host_read), .address(host_address), .write_data(host_data),
        .access_done(access_done), .access_failed(access_failed), .read_data(read_data),
        .weights_valid(weights_valid), .inputs_valid(inputs_valid), .choice_valid(choice_valid),
        .place(place), .item(item), .example(example),
        .dumping(dumping), .dump_row(dump_row), .dumped(stored_beat),
        .step(step), .rate(rate), .count(count), .step_done(step_done),
        .difference(difference), .step_taken(size));

    // One step

    wire               active;
    wire [5:0]         choice;
    wire               step_write;
    wire [7:0]         step_address;
    wire [31:0]        step_data;
    wire               begin_pass;
    wire               updating;
    wire               forward_done;
    wire               stored;
    wire               loss_start;
    wire               loss_done;
    wire signed [31:0] loss;
    wire               size_start;
    wire               size_done;

    assign training = active;

    step_sequencer u_sequencer (
        .clk(clk), .rst(rst), .start(step), .count(count), .done(step_done),
        .difference(difference), .choice(choice), .active(active),
        .write(step_write), .address(step_address), .write_data(step_data),
        .access_done(access_done), .access_failed(access_failed),
        .begin_pass(begin_pass), .updating(updating),
        .pass_done(updating ? stored : forward_done),
        .loss_start(loss_start), .loss_done(loss_done), .loss(loss),
        .size_start(size_start), .size_done(size_done), .size(size));

    step_size u_size (
        .clk(clk), .rst(rst), .start(size_start), .difference(difference), .rate(rate),
        .done(size_done), .step(size));

    // Examples

    reg  [15:0]            choices [0:63];
    reg  [15:0]            choice_q;
    wire [COLUMN_BITS-1:0] next_column;
    wire [15:0]            number = active ? {4'd0, choice_q[11:0]} : example;
    wire [31:0]            column = active ? {{(32-COLUMN_BITS){1'b0}}, next_column}
                                           : {16'd0, place};
    wire [31:0]            word_address = {16'd0, number} * COLUMNS + column;
    wire [LANES*8-1:0]     inputs;
    wire                   unused_address = &{1'b0, word_address};

    always @(posedge clk) begin
        choice_q <= choices[choice];
        if (choice_valid)
            choices[place[5:0]] <= item[BITS-1:BITS-16];
    end

    example_memory #(
        .WORDS(WORDS), .ADDRESS_BITS(WORD_BITS), .BITS(LANES * 8), .HUGE(HUGE)
    ) u_examples (
        .clk(clk), .address(word_address[WORD_BITS-1:0]), .write(inputs_valid),
        .write_data(item[BITS-1:BITS-LANES*8]), .word(inputs));

    // Weights through the engine

    wire            weights_sent;
    wire            weights_last;
    wire            weights_taken;
    wire [BITS-1:0] beat;
    wire            beat_valid;
    wire            beat_ready;
    wire            unused_last;

    weight_store #(.BITS(BITS), .BEATS(BEATS)) u_weights (
        .clk(clk), .rst(rst), .begin_pass(begin_pass), .keep(updating),
        .out_data(stored_beat), .out_valid(weights_sent), .out_last(weights_last),
        .out_ready(weights_taken), .back_data(beat), .back_valid(beat_valid), .stored(stored),
        .host_write(weights_valid), .host_place(place), .host_data(item),
        .host_read(dumping && !active), .host_row(dump_row));

    wire [7:0]  awaddr;
    wire        awvalid;
    wire        awready;
    wire [31:0] wdata;
    wire        wvalid;
    wire        wready;
    wire [1:0]  bresp;
    wire        bvalid;
    wire        bready;
    wire [7:0]  araddr;
    wire        arvalid;
    wire        arready;
    wire [31:0] rdata;
    wire [1:0]  rresp;
    wire        rvalid;
    wire        rready;

    axil_master u_registers (
        .clk(clk), .rst(rst), .write(active ? step_write : host_write),
        .read(!active && host_read), .address(active ? step_address : host_address),
        .data(active ? step_data : host_data), .done(access_done), .failed(access_failed),
        .read_data(read_data), .m_axil_awaddr(awaddr), .m_axil_awvalid(awvalid),
        .m_axil_awready(awready), .m_axil_wdata(wdata), .m_axil_wvalid(wvalid),
        .m_axil_wready(wready), .m_axil_bresp(bresp), .m_axil_bvalid(bvalid),
        .m_axil_bready(bready), .m_axil_araddr(araddr), .m_axil_arvalid(arvalid),
        .m_axil_arready(arready), .m_axil_rdata(rdata), .m_axil_rresp(rresp),
        .m_axil_rvalid(rvalid), .m_axil_rready(rready));

    pezo_engine u_engine (
        .aclk(clk), .aresetn(!rst),
        .s_axil_awaddr(awaddr), .s_axil_awprot(3'd0), .s_axil_awvalid(awvalid),
        .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(4'hf),
        .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
        .s_axil_bvalid(bvalid), .s_axil_bready(bready),
        .s_axil_araddr(araddr), .s_axil_arprot(3'd0), .s_axil_arvalid(arvalid),
        .s_axil_arready(arready), .s_axil_rdata(rdata), .s_axil_rresp(rresp),
        .s_axil_rvalid(rvalid), .s_axil_rready(rready),
        .s_axis_tdata(stored_beat), .s_axis_tvalid(weights_sent), .s_axis_tready(weights_taken),
        .s_axis_tlast(weights_last), .m_axis_tdata(beat), .m_axis_tvalid(beat_valid),
        .m_axis_tready(updating || beat_ready), .m_axis_tlast(unused_last));

    // Loss

    wire signed [31:0]  top;
    wire signed [31:0]  logit;
    wire [ROW_BITS-1:0] logit_address;

    mlp_forward #(
        .LANES(LANES), .INPUTS(INPUTS), .HIDDEN(HIDDEN), .CLASSES(CLASSES),
        .BIAS_SHIFT_1(BIAS_SHIFT_1), .BIAS_SHIFT_2(BIAS_SHIFT_2), .DROP_1(DROP_1),
        .DROP_2(DROP_2), .COLUMN_BITS(COLUMN_BITS), .ROW_BITS(ROW_BITS)
    ) u_forward (
        .clk(clk), .rst(rst), .begin_pass(begin_pass), .beat_valid(beat_valid && !updating),
        .beat_ready(beat_ready), .beat(beat), .next_column(next_column), .inputs(inputs),
        .done(forward_done), .top(top), .logit_address(logit_address), .logit(logit));

    cross_entropy #(.CLASSES(CLASSES), .ADDRESS_BITS(ROW_BITS)) u_loss (
        .clk(clk), .rst(rst), .start(loss_start), .label(choice_q[15:12]), .top(top),
        .logit_address(logit_address), .logit(logit), .done(loss_done), .loss(loss));

    // A parameter out of range stops every tool here or in the modules above; no module has the
    // name that says so.
    generate
        if (LANES < 1 || LANES > 4) begin : gen_bad_lanes
            board_core_LANES_must_be_1_to_4 u_error ();
        end
        if (EXAMPLES < 1 || EXAMPLES > 4096) begin : gen_bad_examples
            board_core_EXAMPLES_must_be_1_to_4096 u_error ();
        end
    endgenerate

endmodule

`resetall
