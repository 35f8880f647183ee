// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_registers: what is refused does nothing, and what is kept stays in range.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_registers_properties #(
    parameter WEIGHT_BITS = 16,  // 4 to 16
    parameter VALUE_BITS = 9,    // 2 to 25
    parameter SHIFT_BITS = 5,    // of a shift of 0 to WEIGHT_BITS + VALUE_BITS - 2
    parameter SOURCES = 3,       // 1 to 25
    parameter SEGMENTS = 2,      // 1 to 16
    parameter HAS_RESEED = 1,    // 0 or 1
    parameter STATE_BITS = 80    // of a word to load; here more than 64
) (
    input wire        clk,
    input wire        rst,
    input wire        write,
    input wire [7:0]  write_address,
    input wire [31:0] write_data,
    input wire [3:0]  write_strobe,
    input wire [7:0]  read_address,
    input wire        busy,
    input wire        skipping,
    input wire [31:0] skip_left,
    input wire        numbers,
    input wire        selected,
    input wire        loading,
    input wire [31:0] phase
);

    wire                           write_error;
    wire [31:0]                    read_data;
    wire                           read_error;
    wire                           begin_pass;
    wire                           skip;
    wire                           reseed;
    wire                           clear;
    wire                           load;
    wire [STATE_BITS-1:0]          load_data;
    wire [SOURCES-1:0]             select;
    wire signed [15:0]             step;
    wire [4:0]                     step_shift;
    wire [SEGMENTS*SHIFT_BITS-1:0] shifts;
    wire [SEGMENTS*32-1:0]         ends;

    perturb_registers #(
        .LANES(2), .WEIGHT_BITS(WEIGHT_BITS), .VALUE_BITS(VALUE_BITS), .SHIFT_BITS(SHIFT_BITS),
        .SOURCES(SOURCES), .SEGMENTS(SEGMENTS), .DRAWS(0), .HAS_RESEED(HAS_RESEED),
        .STATE_BITS(STATE_BITS)
    ) dut (
        .clk(clk), .rst(rst), .write(write), .write_address(write_address),
        .write_data(write_data), .write_strobe(write_strobe), .write_error(write_error),
        .read_address(read_address), .read_data(read_data), .read_error(read_error),
        .busy(busy), .skipping(skipping), .skip_left(skip_left), .numbers(numbers),
        .selected(selected), .loading(loading), .phase(phase), .begin_pass(begin_pass),
        .skip(skip), .reseed(reseed), .clear(clear), .load(load), .load_data(load_data),
        .select(select), .step(step), .step_shift(step_shift), .shifts(shifts), .ends(ends));

    (* hierconn *) wire [7:0]  \dut.gen_segment[0].scale_q ;
    (* hierconn *) wire [7:0]  \dut.gen_segment[1].scale_q ;
    (* hierconn *) wire [31:0] \dut.select_q ;
    wire signed [7:0] scale0 = \dut.gen_segment[0].scale_q ;
    wire signed [7:0] scale1 = \dut.gen_segment[1].scale_q ;

    localparam signed [7:0] LARGEST = WEIGHT_BITS - 1;
    localparam signed [7:0] LEAST = 1 - VALUE_BITS;

    localparam KEPT = SOURCES + 16 + 5 + SEGMENTS * SHIFT_BITS + SEGMENTS * 32;
    wire [KEPT-1:0] kept = {select, step, step_shift, shifts, ends};
    wire [4:0]      actions = {begin_pass, skip, reseed, clear, load};

    // What takes any data while not busy; SCALE takes what fits. Segment k is 8 k further on.
    wire [7:0]     at = {write_address[7:2], 2'b00};
    wire           scale_at = at >= 8'h40 && at < 8'h40 + 8 * SEGMENTS && !at[2];
    wire           end_at = at >= 8'h40 && at < 8'h38 + 8 * SEGMENTS && at[2];
    wire           stored_at = at == 8'h14 || at == 8'h18 || at == 8'h20 || end_at;
    wire           command_at = at == 8'h10 || at == 8'h24 || at == 8'h28 || at == 8'h2c || at == 8'h30;
    wire [7:0]     from = {read_address[7:2], 2'b00};
    wire           from_segment = from >= 8'h40 && from < 8'h3c + 8 * SEGMENTS;
    wire           fits = $signed(write_data[7:0]) <= LARGEST && $signed(write_data[7:0]) >= LEAST;

    reg            past_q = 1'b0;
    reg            still_q = 1'b0;  // nothing was written, or it was refused or without strobes
    reg [KEPT-1:0] kept_q;
    reg            stepped_q = 1'b0;  // STEP was written
    reg [15:0]     step_q;
    reg [63:0]     pushed_q;  // the last two words written to SEED_HIGH, the last lowest
    reg            pushed_once_q = 1'b0;
    reg            pushed_twice_q = 1'b0;
    wire           push = write && !write_error && write_strobe == 4'hf
                          && write_address[7:2] == 6'h0c;
    integer        lane;

    always @(posedge clk) begin
        past_q <= 1'b1;
        still_q <= !rst && (!write || write_error || write_strobe == 0);
        kept_q <= kept;
        stepped_q <= !rst && write && !write_error && write_address[7:2] == 6'h05;
        if (push) begin
            pushed_q <= {pushed_q[31:0], write_data};
            pushed_once_q <= 1'b1;
            pushed_twice_q <= pushed_once_q;
        end
        for (lane = 0; lane < 2; lane = lane + 1)
            step_q[8*lane +: 8] <= write_strobe[lane] ? write_data[8*lane +: 8] : step[8*lane +: 8];
    end

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            if (still_q)
                refused_keeps: assert (kept == kept_q);
            refused_acts: assert (actions == 0 || (write && !write_error && write_strobe == 4'hf));
            refused_busy: assert (!busy || !write || write_strobe == 0 || write_error);
            one_action: assert ((actions & (actions - 1'b1)) == 0);
            if (!stored_at && !scale_at && !command_at)
                decoded_no: assert (write_error);
            if (!busy && (stored_at || (scale_at && fits)))
                decoded_yes: assert (!write_error);
            if (from >= 8'h40)
                decoded_read: assert (read_error == !from_segment);
            if (stepped_q)
                strobes: assert (step == step_q);
            shift_in_range: assert (shifts[SHIFT_BITS-1:0] <= WEIGHT_BITS + VALUE_BITS - 2
                && shifts[2*SHIFT_BITS-1:SHIFT_BITS] <= WEIGHT_BITS + VALUE_BITS - 2);
            load_when_ready: assert (!load || loading);
            if (HAS_RESEED != 0) begin
                word_low: assert (load_data[31:0] == write_data);
                if (pushed_once_q)
                    word_pushed: assert (load_data[63:32] == pushed_q[31:0]);
                if (pushed_twice_q)
                    word_high: assert (load_data[STATE_BITS-1:64] == pushed_q[STATE_BITS-33:32]);
            end
            load_when_there: assert (!reseed || (selected && HAS_RESEED != 0));

            invariant_scale: assert (scale0 <= LARGEST && scale0 >= LEAST
                                     && scale1 <= LARGEST && scale1 >= LEAST);
            invariant_select: assert ((\dut.select_q >> SOURCES) == 0);
        end
    end

endmodule

`resetall
