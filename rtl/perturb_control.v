// SPDX-License-Identifier: Apache-2.0
//
// Passes and number streams of the perturbation engine.
//
// `begin_pass` waits until every stream shows a beat, pulses `start` (a new step) or `replay` (the
// step again) for one clock, then lets beats in (`open`) until the last of the pass is `taken`, and
// is busy until all have left (`drained`). A pass in mode restore asks for no numbers. All streams
// go on with every beat; `skip` discards skip_count beats of the selected ones alone, one a clock.
// phase counts the beats of stream 0 since reset or reseed, as `start` and `replay` move it.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_control #(
    parameter SOURCES = 1  // 1 to 25
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               begin_pass,
    input  wire [1:0]         begin_mode,
    input  wire               begin_replay,
    input  wire               skip,
    input  wire [31:0]        skip_count,
    input  wire               reseed,
    input  wire               clear,
    input  wire               load,
    input  wire [SOURCES-1:0] select,
    input  wire               taken,
    input  wire               taken_last,
    input  wire               drained,
    output wire [1:0]         mode,
    output wire               load_segments,
    output wire               open,
    output wire               busy,
    output wire               skipping,
    output wire [31:0]        skip_left,
    output wire               numbers,
    output wire               selected,  // every selected stream shows a beat
    output wire               loading,   // every selected stream waits for a word to load
    output wire               unloaded,  // a stream does
    output wire               selected_unloaded,
    output wire [31:0]        phase,
    output wire               source_rst,
    output wire               source_start,
    output wire               source_replay,
    output wire [SOURCES-1:0] source_reseed,
    output wire [SOURCES-1:0] source_load_valid,
    input  wire [SOURCES-1:0] source_load_ready,
    input  wire [SOURCES-1:0] source_valid,
    output wire [SOURCES-1:0] source_ready
);

    reg        clear_q;  // a clock late: a stream's out_valid follows its rst at once
    reg [1:0]  mode_q;
    reg        replay_q;
    reg        pending_q;  // a pass waits for its streams
    reg        open_q;
    reg        draining_q;
    reg [31:0] left_q;
    reg [31:0] phase_q;
    reg [31:0] kept_q;

    wire restoring = mode_q == 2'd0;
    wire launch = pending_q && (restoring || numbers);
    wire discard = skipping && selected;
    wire [SOURCES-1:0] consumed = (taken && !restoring) ? {SOURCES{1'b1}}
                                : discard               ? select
                                :                         {SOURCES{1'b0}};

    assign mode          = mode_q;
    assign load_segments = pending_q;
    assign open          = open_q && (restoring || numbers);
    assign busy          = pending_q || open_q || draining_q || skipping;
    assign skipping      = left_q != 32'd0;
    assign skip_left     = left_q;
    assign numbers       = &source_valid;
    assign selected      = &(source_valid | ~select);
    assign loading       = &(source_load_ready | ~select) && select != {SOURCES{1'b0}};
    assign unloaded      = |source_load_ready;
    assign selected_unloaded = |(source_load_ready & select);
    assign phase         = phase_q;

    assign source_rst        = rst || clear_q;
    assign source_start      = launch && !restoring && !replay_q;
    assign source_replay     = launch && !restoring && replay_q;
    assign source_reseed     = reseed ? select : {SOURCES{1'b0}};
    assign source_load_valid = load ? select : {SOURCES{1'b0}};
    assign source_ready      = consumed;

    always @(posedge clk) begin
        clear_q    <= clear;
        pending_q  <= !rst && (begin_pass || (pending_q && !launch));
        open_q     <= !rst && (launch || (open_q && !(taken && taken_last)));
        draining_q <= !rst && ((taken && taken_last) || (draining_q && !drained));
        mode_q     <= rst ? 2'd0 : begin_pass ? begin_mode : mode_q;
        replay_q   <= !rst && (begin_pass ? begin_replay : replay_q);
    end

    always @(posedge clk) begin
        if (rst)
            left_q <= 32'd0;
        else if (skip)
            left_q <= skip_count;
        else if (discard)
            left_q <= left_q - 32'd1;
    end

    always @(posedge clk) begin
        if (source_rst || source_reseed[0])
            phase_q <= 32'd0;
        else if (source_replay)
            phase_q <= kept_q;
        else if (consumed[0])
            phase_q <= phase_q + 32'd1;

        if (source_rst || source_reseed[0])
            kept_q <= 32'd0;
        else if (source_start)
            kept_q <= phase_q;
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (SOURCES < 1 || SOURCES > 25) begin : gen_bad_sources
            perturb_control_SOURCES_must_be_1_to_25 u_error ();
        end
    endgenerate

endmodule

`resetall
