// SPDX-License-Identifier: Apache-2.0
//
// Properties of stream_lut_sr at its ports: when a beat is shown, that it holds, and which one a
// replay shows. What the shift registers give back after that is for simulation.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_lut_sr_properties #(
    parameter HAS_RESEED = 0,      // 0 or 1
    parameter LOCKUP_RECOVERY = 0  // 0 or 1
) (
    input wire         clk,
    input wire         rst,
    input wire         start,
    input wire         replay,
    input wire         reseed,
    input wire         load_valid,
    input wire [520:0] load_data,
    input wire         out_ready
);


    wire        load_ready;
    wire        out_valid;
    wire [23:0] out_data;

    stream_lut_sr #(
        .BIT_WIDTH(24), .LANES(1), .GROUP(1), .HAS_RESEED(HAS_RESEED),
        .LOCKUP_RECOVERY(LOCKUP_RECOVERY)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data));

    (* hierconn *) wire [4:0]  \dut.age_q ;
    (* hierconn *) wire        \dut.accepted_q ;
    (* hierconn *) wire        \dut.expanding_q ;
    (* hierconn *) wire        \dut.recovering_q ;
    (* hierconn *) wire [31:0] \dut.gen_unit[0].u_lut_sr.kept_q ;

    wire reseed_taken = reseed && HAS_RESEED != 0 && !load_ready;

    // What was seen at the ports.
    reg        past_q = 1'b0;
    reg        preparing_q;  // states are loaded or made: rst or a reseed came, and no beat since
    reg        started_q;   // a beat was shown since, so that there is one to replay
    reg        waiting_q;   // a beat was shown, not taken, and nothing but `start` came since
    reg        still_q;     // not even `start` came in the clock before
    reg        replayed_q;
    reg [4:0]  stall_q;     // clocks without a beat, loads left out
    reg [23:0] shown_q;
    reg [23:0] latched_q;   // the beat shown when `start` came last, at first the first one

    wire [23:0] kept = (preparing_q || !started_q) ? out_data : latched_q;

    always @(posedge clk) begin
        past_q <= 1'b1;
        preparing_q <= rst || reseed_taken || (preparing_q && !out_valid);
        started_q <= !rst && !reseed_taken && (started_q || out_valid);
        waiting_q <= !rst && !replay && !reseed_taken && (out_valid ? !out_ready : waiting_q);
        still_q <= !rst && !replay && !reseed_taken && !start && out_valid && !out_ready;
        replayed_q <= !rst && !reseed_taken && replay && started_q;
        stall_q <= (rst || reseed_taken || load_ready || out_valid) ? 5'd0 : stall_q + 5'd1;
        shown_q <= out_data;
        if (out_valid)
            latched_q <= (start && !replay) ? out_data : kept;
    end

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            if (waiting_q && !rst)
                held: assert (out_data == shown_q);
            if (still_q && !rst)
                held_valid: assert (out_valid);
            if (replayed_q && !rst)
                replayed: assert (out_data == latched_q);
            if (!rst && !load_ready && !out_valid)
                valid: assert (stall_q <= (preparing_q ? 5'd16 : 5'd14));
            if (load_ready || rst)
                valid_none: assert (!out_valid);
            in_range: assert (\dut.age_q <= 5'd16);

            if (!rst)
                invariant_valid: assert (
                    out_valid == (!load_ready && !\dut.expanding_q && !\dut.recovering_q ));
            invariant_preparing: assert (!(\dut.expanding_q && \dut.recovering_q ));
            invariant_started: assert (!(preparing_q && started_q) && (started_q || !waiting_q));
            invariant_expanding: assert (!\dut.expanding_q || preparing_q);
            invariant_loading: assert (!load_ready || \dut.expanding_q );
            invariant_recovering: assert (!\dut.recovering_q || (!preparing_q && started_q));
            if (\dut.expanding_q )
                invariant_expanded: assert (stall_q == (load_ready ? 5'd0 : \dut.age_q ));
            if (load_ready)
                invariant_loaded: assert (\dut.age_q == 5'd0);
            if (\dut.recovering_q )
                invariant_recovered: assert (\dut.age_q > {4'd0, \dut.accepted_q } &&
                    stall_q + \dut.age_q - {4'd0, \dut.accepted_q } <= 5'd15);
            if (out_valid)
                invariant_kept: assert (\dut.gen_unit[0].u_lut_sr.kept_q [31:8] == kept);
            if (\dut.recovering_q )
                invariant_latched: assert (
                    \dut.gen_unit[0].u_lut_sr.kept_q [31:8] == latched_q);
        end
    end

endmodule

`resetall
