// SPDX-License-Identifier: Apache-2.0
//
// Properties of stream_pool that one generator fills: each row holds the words that the generator
// makes in its turn, and no beat is shown before all are there. Three rows of two lanes; the words
// show whole states.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_pool_refill_properties (
    input wire       clk,
    input wire       rst,
    input wire       start,
    input wire       replay,
    input wire       reseed,
    input wire       load_valid,
    input wire [3:0] load_data,
    input wire       out_ready
);

    localparam ROWS = 3;
    localparam WORDS = 6;
    localparam [3:0] SEED = 4'd9;

    wire       load_ready;
    wire       out_valid;
    wire [7:0] out_data;
    wire [5:0] out_exponent;

    stream_pool #(
        .KIND("lfsr"), .BIT_WIDTH(4), .STATE_BITS(4), .LANES(2), .ROWS(ROWS), .HAS_RESEED(1),
        .SEED(SEED)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data),
        .out_exponent(out_exponent));

    (* hierconn *) wire [1:0] \dut.row_q ;
    (* hierconn *) wire [1:0] \dut.kept_q ;
    (* hierconn *) wire       \dut.gen_fill.waiting_q ;
    (* hierconn *) wire       \dut.gen_fill.filling_q ;
    (* hierconn *) wire       \dut.gen_fill.ready_q ;
    (* hierconn *) wire [3:0] \dut.gen_fill.u_filler.state_q ;
    (* hierconn *) wire [0:0] \dut.gen_fill.u_filler.lane_q ;
    (* hierconn *) wire [3:0] \dut.gen_fill.u_filler.gen_gather.gathered_q ;
    (* hierconn *) wire [7:0] \dut.u_rows.row_q ;
    (* hierconn *) wire [7:0] \dut.u_rows.gen_ram.rows[0] ;
    (* hierconn *) wire [7:0] \dut.u_rows.gen_ram.rows[1] ;
    (* hierconn *) wire [7:0] \dut.u_rows.gen_ram.rows[2] ;
    wire [23:0] rows = {\dut.u_rows.gen_ram.rows[2] , \dut.u_rows.gen_ram.rows[1] ,
                        \dut.u_rows.gen_ram.rows[0] };

    // The model: the words, in the order made, and how many there are; whether the host's state is
    // awaited; beats accepted since, modulo ROWS, and what is kept of that.
    reg [3:0]  state_q;
    reg [23:0] words_q;
    reg [2:0]  made_q;
    reg        awaited_q;
    reg [1:0]  index_q;
    reg [1:0]  kept_index_q;
    wire       whole = made_q == WORDS;
    wire       idle = whole && !awaited_q;
    wire       accept = out_valid && out_ready;

    // What was seen at the ports.
    reg       past_q = 1'b0;
    reg       waiting_q = 1'b0;
    reg       replayed_q = 1'b0;
    reg [1:0] full_clocks_q;  // since all words were made, at most two
    reg [7:0] seen_q;
    reg [7:0] latched_q;
    reg       any_shown_q;    // a beat was shown since all words were made
    wire [7:0] latched = any_shown_q ? latched_q : out_data;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (rst || (awaited_q && load_valid)) begin
            state_q <= rst ? SEED : load_data;
            made_q <= 0;
        end else if (!whole && !awaited_q) begin
            state_q <= {state_q[0], state_q[3] ^ state_q[0], state_q[2:1]};
            words_q[4*made_q +: 4] <= state_q ^ 4'd8;
            made_q <= made_q + 1'b1;
        end
        awaited_q <= !rst && (awaited_q ? !load_valid : idle && reseed);

        if (rst || !idle || reseed)
            index_q <= 0;
        else if (replay)
            index_q <= kept_index_q;
        else if (accept)
            index_q <= (index_q == ROWS - 1) ? 0 : index_q + 1'b1;

        if (rst || !idle || reseed)
            kept_index_q <= 0;
        else if (start && !replay)
            kept_index_q <= index_q;

        full_clocks_q <= (rst || !idle || reseed) ? 0 : full_clocks_q + (full_clocks_q < 1);
        waiting_q <= !rst && !replay && !reseed && out_valid && !out_ready;
        replayed_q <= !rst && out_valid && replay && !reseed;
        seen_q <= out_data;
        any_shown_q <= !rst && idle && !reseed && (any_shown_q || out_valid);
        latched_q <= (start && !replay) ? out_data : latched;
    end

    wire [7:0] row = words_q[8*index_q +: 8];
    wire [7:0] kept_row = words_q[8*kept_index_q +: 8];
    wire [23:0] ones = {24{1'b1}};
    wire [23:0] in_memory = whole ? ones : ~(ones << {made_q[2:1], 3'b000});

    always @* begin
        assume (past_q || rst);
        assume (load_data != 0);
        if (past_q) begin
            if (waiting_q && !rst)
                held: assert (out_valid && out_data == seen_q);
            if (out_valid)
                delivered: assert (out_data == row);
            if (replayed_q && !rst)
                replayed: assert (out_valid && out_data == latched_q);
            valid: assert (out_valid == (idle && full_clocks_q == 1 && !rst)
                           && load_ready == awaited_q);
            in_range: assert (\dut.row_q < ROWS && \dut.kept_q < ROWS);
            nonzero: assert (\dut.gen_fill.u_filler.state_q != 0);

            invariant_ranges: assert (made_q <= WORDS && index_q < ROWS && kept_index_q < ROWS);
            invariant_phase: assert (\dut.gen_fill.waiting_q == awaited_q
                && \dut.gen_fill.filling_q == (!whole && !awaited_q)
                && \dut.gen_fill.ready_q == (idle && full_clocks_q == 1));
            if (awaited_q)
                invariant_awaited: assert (whole && \dut.row_q == 0);
            if (!idle)
                invariant_forgotten: assert (!any_shown_q);
            if (!any_shown_q)
                invariant_first: assert (index_q == 0 && kept_index_q == 0);
            if (!whole && !awaited_q) begin
                invariant_filling: assert (\dut.row_q == made_q[2:1]
                    && \dut.gen_fill.u_filler.lane_q == made_q[0]
                    && \dut.gen_fill.u_filler.state_q == state_q);
                if (made_q[0])
                    invariant_gathered: assert (\dut.gen_fill.u_filler.gen_gather.gathered_q
                                                == words_q[4*(made_q-1) +: 4]);
            end
            if (!awaited_q)
                invariant_rows: assert (((rows ^ words_q) & in_memory) == 0);
            if (idle)
                invariant_index: assert (\dut.row_q == index_q);
            if (idle && full_clocks_q == 1)
                invariant_row: assert (\dut.u_rows.row_q == row);
            invariant_kept: assert (\dut.kept_q == kept_index_q);
            if (any_shown_q)
                invariant_latched: assert (latched_q == kept_row && full_clocks_q == 1);
        end
    end

endmodule

`resetall
