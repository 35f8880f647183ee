// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_registers: what is refused does nothing, what is accepted does what its
// address says, what is kept stays in range, and reads show it.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_registers_properties #(
    parameter LANES = 2,         // 1 to 256
    parameter WEIGHT_BITS = 16,  // 4 to 16
    parameter VALUE_BITS = 9,    // 2 to 25
    parameter SHIFT_BITS = 5,    // of a shift of 0 to WEIGHT_BITS + VALUE_BITS - 2
    parameter SOURCES = 3,       // 1 to 25
    parameter SEGMENTS = 2,      // 1 to 16
    parameter DRAWS = 0,         // 0 to 3
    parameter HAS_RESEED = 1,    // 0 or 1
    parameter STATE_BITS = 80    // of a word to load; more than 64
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
    input wire        unloaded,
    input wire        selected_unloaded,
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
        .LANES(LANES), .WEIGHT_BITS(WEIGHT_BITS), .VALUE_BITS(VALUE_BITS),
        .SHIFT_BITS(SHIFT_BITS), .SOURCES(SOURCES), .SEGMENTS(SEGMENTS), .DRAWS(DRAWS),
        .HAS_RESEED(HAS_RESEED), .STATE_BITS(STATE_BITS)
    ) dut (
        .clk(clk), .rst(rst), .write(write), .write_address(write_address),
        .write_data(write_data), .write_strobe(write_strobe), .write_error(write_error),
        .read_address(read_address), .read_data(read_data), .read_error(read_error),
        .busy(busy), .skipping(skipping), .skip_left(skip_left), .numbers(numbers),
        .selected(selected), .loading(loading), .unloaded(unloaded),
        .selected_unloaded(selected_unloaded), .phase(phase), .begin_pass(begin_pass),
        .skip(skip), .reseed(reseed), .clear(clear), .load(load), .load_data(load_data),
        .select(select), .step(step), .step_shift(step_shift), .shifts(shifts), .ends(ends));

    (* hierconn *) wire [31:0]            \dut.select_q ;
    (* hierconn *) wire [SEGMENTS*32-1:0] \dut.scales ;

    localparam signed [7:0] LARGEST = WEIGHT_BITS - 1;
    localparam signed [7:0] LEAST = 1 - VALUE_BITS;

    localparam KEPT = SOURCES + 16 + 5 + SEGMENTS * SHIFT_BITS + SEGMENTS * 32;
    wire [KEPT-1:0] kept = {select, step, step_shift, shifts, ends};
    wire [4:0]      actions = {begin_pass, skip, reseed, clear, load};

    // What an address is: segment k is 8 k further on, the last one has no end.
    wire [7:0]     at = {write_address[7:2], 2'b00};
    wire           scale_at = at >= 8'h40 && at < 8'h40 + 8 * SEGMENTS && !at[2];
    wire           end_at = at >= 8'h40 && at < 8'h38 + 8 * SEGMENTS && at[2];
    wire           stored_at = at == 8'h14 || at == 8'h18 || at == 8'h20 || end_at;
    wire           command_at = at == 8'h10 || at == 8'h24 || at == 8'h28 || at == 8'h2c
                              || at == 8'h30;
    wire [7:0]     from = {read_address[7:2], 2'b00};
    wire           from_segment = from >= 8'h40 && from < 8'h3c + 8 * SEGMENTS;
    wire           fits = $signed(write_data[7:0]) <= LARGEST && $signed(write_data[7:0]) >= LEAST;

    // What takes a write: SCALE what fits, RESEED a 1 where it can be and a 2, SEED where a stream
    // waits, CONTROL and SKIP what needs no stream that waits for words, commands whole words.
    reg            allowed;
    always @* begin
        case (at)
            8'h10:   allowed = write_data % 4 == 0 || !unloaded;
            8'h24:   allowed = !selected_unloaded;
            8'h28:   allowed = begins || clears;
            8'h2c:   allowed = loading;
            default: allowed = 1'b1;
        endcase
    end

    wire           begins = at == 8'h28 && write_data == 1 && HAS_RESEED != 0 && selected;
    wire           clears = at == 8'h28 && write_data == 2;
    wire           takes = stored_at || (scale_at && (fits || !write_strobe[0]))
                         || (command_at && write_strobe == 4'hf && allowed);
    wire           taken = write && write_strobe != 0 && !busy && takes;

    // The model: what was written, byte by byte; of any one segment.
    (* anyconst *) wire [3:0] watched;
    reg [31:0]            select_q;
    reg [15:0]            step_q;
    reg [4:0]             step_shift_q;
    reg signed [7:0]      scale_q;
    reg [31:0]            end_q;
    wire [7:0]            scale_address = 8'h40 + {watched, 3'b000};
    wire [7:0]            end_address = 8'h44 + {watched, 3'b000};
    wire [31:0]           shape = LANES + WEIGHT_BITS * 512 + SOURCES * 16384
                                + SEGMENTS * 1048576 + DRAWS * 33554432 + HAS_RESEED * 134217728;
    integer               lane;

    always @(posedge clk) begin
        for (lane = 0; lane < 4; lane = lane + 1)
            if (taken && write_strobe[lane]) begin
                if (at == 8'h20)
                    select_q[8*lane +: 8] <= write_data[8*lane +: 8];
                if (at == 8'h14 && lane < 2)
                    step_q[8*lane +: 8] <= write_data[8*lane +: 8];
                if (at == 8'h18 && lane == 0)
                    step_shift_q <= write_data[4:0];
                if (scale_at && at == scale_address && lane == 0)
                    scale_q <= write_data[7:0];
                if (end_at && at == end_address)
                    end_q[8*lane +: 8] <= write_data[8*lane +: 8];
            end
        if (rst) begin
            select_q <= 32'hffffffff;
            step_q <= 0;
            step_shift_q <= 0;
            scale_q <= 0;
            end_q <= 0;
        end
    end

    wire [SHIFT_BITS-1:0] shift = shifts[watched*SHIFT_BITS +: SHIFT_BITS];
    wire [SHIFT_BITS-1:0] places = LARGEST - scale_q;
    wire [31:0]           shown = {{24{scale_q[7]}}, scale_q};
    wire                  elsewhere = from_segment && from != scale_address && from != end_address;

    reg [31:0] answer;
    always @* begin
        case (from)
            8'h00:   answer = 32'h50455a4f;
            8'h04:   answer = 32'h00010001;
            8'h08:   answer = shape;
            8'h0c:   answer = busy + 2 * skipping + 4 * numbers + 8 * loading
                          + 16 * unloaded;
            8'h14:   answer = $signed(step_q);
            8'h18:   answer = step_shift_q;
            8'h1c:   answer = phase;
            8'h20:   answer = select_q & ((1 << SOURCES) - 1);
            8'h24:   answer = skip_left;
            default: answer = !from_segment ? 0 : from[2] ? end_q : shown;
        endcase
    end

    reg            past_q = 1'b0;
    reg            still_q = 1'b0;  // nothing was written, or it was refused or without strobes
    reg [KEPT-1:0] kept_q;
    reg [63:0]     pushed_q;  // the last two words written to SEED_HIGH, the last lowest
    reg            pushed_once_q = 1'b0;
    reg            pushed_twice_q = 1'b0;
    wire           push = write && !write_error && write_strobe == 4'hf
                          && write_address[7:2] == 6'h0c;

    always @(posedge clk) begin
        past_q <= 1'b1;
        still_q <= !rst && (!write || write_error || write_strobe == 0);
        kept_q <= kept;
        if (push) begin
            pushed_q <= {pushed_q[31:0], write_data};
            pushed_once_q <= 1'b1;
            pushed_twice_q <= pushed_once_q;
        end
    end

    always @* begin
        assume (past_q || rst);
        assume (watched < SEGMENTS);
        if (past_q) begin
            if (still_q)
                refused_keeps: assert (kept == kept_q);
            refused_acts: assert (actions == 0 || (write && !write_error && write_strobe == 4'hf));
            refused_busy: assert (!busy || !write || write_strobe == 0 || write_error);
            one_action: assert ((actions & (actions - 1'b1)) == 0);
            decoded: assert (write_error == (!(stored_at || scale_at || command_at)
                                             || (write_strobe != 0 && (busy || !takes))));
            obeyed: assert (actions == {taken && at == 8'h10, taken && at == 8'h24,
                                        taken && begins, taken && clears, taken && at == 8'h2c});
            strobes: assert (select == select_q[SOURCES-1:0] && step == step_q
                             && step_shift == step_shift_q && shift == places
                             && ends[watched*32 +: 32] == end_q);
            shift_in_range: assert (shift <= WEIGHT_BITS + VALUE_BITS - 2);
            invariant_scale: assert (scale_q <= LARGEST && scale_q >= LEAST
                                     && \dut.scales [watched*32 +: 32] == shown);
            reads: assert (read_error == !(from_segment || from <= 8'h30)
                           && (elsewhere || read_data == answer));
            load_when_ready: assert (!load || loading);
            no_wait_for_words: assert (!(begin_pass && write_data[1:0] != 0 && unloaded)
                                       && !(skip && selected_unloaded));
            if (HAS_RESEED != 0) begin
                word_low: assert (load_data[31:0] == write_data);
                if (pushed_once_q)
                    word_pushed: assert (load_data[63:32] == pushed_q[31:0]);
                if (pushed_twice_q)
                    word_high: assert (load_data[STATE_BITS-1:64] == pushed_q[STATE_BITS-33:32]);
            end
            load_when_there: assert (!reseed || (selected && HAS_RESEED != 0));

            invariant_select: assert ((\dut.select_q >> SOURCES) == 0);
            invariant_last: assert (watched != SEGMENTS - 1 || end_q == 0);
        end
    end

endmodule

`resetall
