// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_control: passes, the beats that they and `skip` take, and the phase.
//
// What the other modules promise is assumed: nothing is begun while busy, and beats come in while
// `open` only.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_control_properties #(
    parameter SOURCES = 2  // 1 to 25
) (
    input wire               clk,
    input wire               rst,
    input wire               begin_pass,
    input wire [1:0]         begin_mode,
    input wire               begin_replay,
    input wire               skip,
    input wire [31:0]        skip_count,
    input wire               reseed,
    input wire               clear,
    input wire               load,
    input wire [SOURCES-1:0] select,
    input wire               taken,
    input wire               taken_last,
    input wire               drained,
    input wire [SOURCES-1:0] source_load_ready,
    input wire [SOURCES-1:0] source_valid
);

    wire [1:0]         mode;
    wire               load_segments;
    wire               open;
    wire               busy;
    wire               skipping;
    wire [31:0]        skip_left;
    wire               numbers;
    wire               selected;
    wire               loading;
    wire               unloaded;
    wire               selected_unloaded;
    wire [31:0]        phase;
    wire               source_rst;
    wire               source_start;
    wire               source_replay;
    wire [SOURCES-1:0] source_reseed;
    wire [SOURCES-1:0] source_load_valid;
    wire [SOURCES-1:0] source_ready;

    perturb_control #(.SOURCES(SOURCES)) dut (
        .clk(clk), .rst(rst), .begin_pass(begin_pass), .begin_mode(begin_mode),
        .begin_replay(begin_replay), .skip(skip), .skip_count(skip_count), .reseed(reseed),
        .clear(clear), .load(load), .select(select), .taken(taken), .taken_last(taken_last),
        .drained(drained), .mode(mode), .load_segments(load_segments), .open(open), .busy(busy),
        .skipping(skipping), .skip_left(skip_left), .numbers(numbers), .selected(selected),
        .loading(loading), .unloaded(unloaded), .selected_unloaded(selected_unloaded), .phase(phase),
        .source_rst(source_rst), .source_start(source_start),
        .source_replay(source_replay), .source_reseed(source_reseed),
        .source_load_valid(source_load_valid), .source_load_ready(source_load_ready),
        .source_valid(source_valid), .source_ready(source_ready));

    (* hierconn *) wire        \dut.pending_q ;
    (* hierconn *) wire        \dut.open_q ;
    (* hierconn *) wire        \dut.draining_q ;
    (* hierconn *) wire        \dut.replay_q ;
    (* hierconn *) wire [31:0] \dut.kept_q ;

    // The model: where the pass is, how many pulses of start or replay it gave, what was
    // asked for, beats of stream 0 since reset or reseed, and beats still to skip.
    localparam [1:0] IDLE = 0, PENDING = 1, OPEN = 2, DRAINING = 3;
    reg [1:0]  stage_q;
    reg [1:0]  mode_q;
    reg        replay_q;
    reg [1:0]  pulses_q;
    reg        cleared_q;
    reg [31:0] beats_q;
    reg [31:0] kept_beats_q;
    reg [31:0] skip_q;
    reg        past_q = 1'b0;
    wire       first_taken = source_ready[0] && source_valid[0];

    always @(posedge clk) begin
        past_q <= 1'b1;
        cleared_q <= clear;
        if (rst)
            stage_q <= IDLE;
        else case (stage_q)
            IDLE:     stage_q <= begin_pass ? PENDING : IDLE;
            PENDING:  stage_q <= (begin_mode_q == 0 || &source_valid) ? OPEN : PENDING;
            OPEN:     stage_q <= (taken && taken_last) ? DRAINING : OPEN;
            default:  stage_q <= drained ? IDLE : DRAINING;
        endcase
        if (rst)
            mode_q <= 0;
        else if (begin_pass)
            mode_q <= begin_mode;
        if (rst)
            replay_q <= 1'b0;
        else if (begin_pass)
            replay_q <= begin_replay;
        pulses_q <= (rst || begin_pass) ? 0 : pulses_q + (source_start || source_replay);

        if (source_rst || source_reseed[0])
            beats_q <= 0;
        else if (source_replay)
            beats_q <= kept_beats_q;
        else
            beats_q <= beats_q + first_taken;
        if (source_rst || source_reseed[0])
            kept_beats_q <= 0;
        else if (source_start)
            kept_beats_q <= beats_q;

        if (rst)
            skip_q <= 0;
        else if (skip)
            skip_q <= skip_count;
        else
            skip_q <= skip_q - (skip_q != 0 && &(source_valid | ~select));
    end

    wire [1:0] begin_mode_q = mode_q;
    wire       in_pass = stage_q != IDLE;

    always @* begin
        assume (past_q || rst);
        assume (!taken || open);
        assume (!busy || !(begin_pass || skip || reseed || clear || load));
        assume (begin_pass + skip + reseed + clear + load <= 1);
        assume (!(reseed || load) || !taken);
        if (past_q) begin
            consumed: assert ((source_ready & ~source_valid) == 0);
            consumed_together: assert (!taken || mode == 0 || &source_ready);
            consumed_selected: assert (taken || (source_ready & ~select) == 0);
            consumed_exactly: assert (source_ready == ((taken && mode != 0) ? {SOURCES{1'b1}}
                : (skip_q != 0 && (select & ~source_valid) == 0) ? select : {SOURCES{1'b0}}));
            pulsed_once: assert (pulses_q <= 1 && !(source_start && source_replay)
                               && !(stage_q == OPEN && pulses_q != (mode != 0)));
            pulsed_before: assert (!(source_start || source_replay) || source_ready == 0);
            if (source_start || source_replay)
                pulsed_shown: assert (&source_valid && source_replay == replay_q);
            passes: assert (busy == (in_pass || skip_q != 0) && mode == mode_q
                            && load_segments == (stage_q == PENDING)
                            && open == (stage_q == OPEN && (mode_q == 0 || &source_valid)));
            phase_counts: assert (phase == beats_q);
            skips: assert (skip_left == skip_q && skipping == (skip_q != 0));
            handed_on: assert (source_reseed == (select & {SOURCES{reseed}})
                               && source_load_valid == (select & {SOURCES{load}}));
            told: assert (numbers == (source_valid == {SOURCES{1'b1}})
                          && selected == ((select & ~source_valid) == 0)
                          && loading == (select != 0 && (select & ~source_load_ready) == 0)
                          && unloaded == (source_load_ready != 0)
                          && selected_unloaded == ((select & source_load_ready) != 0));
            cleared: assert (source_rst == (rst || cleared_q));

            invariant_stage: assert (\dut.pending_q == (stage_q == PENDING)
                && \dut.open_q == (stage_q == OPEN) && \dut.draining_q == (stage_q == DRAINING)
                && \dut.replay_q == replay_q && !(in_pass && skip_q != 0));
            invariant_pulsed: assert (stage_q != PENDING || pulses_q == 0);
            invariant_mode: assert (stage_q == IDLE
                                    || pulses_q == (stage_q != PENDING && mode_q != 0));
            invariant_kept: assert (\dut.kept_q == kept_beats_q);
        end
    end

endmodule

`resetall
