// SPDX-License-Identifier: Apache-2.0
//
// Properties of stream_none: the beats delivered are those of the stream contract's plain model.
//
// The words show whole states, so that what is proved of data is proved of states.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_none_properties #(
    parameter STATE_BITS = 4,  // 3 to 32
    parameter LANES = 3,       // 1 to 256
    parameter HAS_RESEED = 0,  // 0 or 1
    parameter LOCKUP_RECOVERY = 0,  // 0 or 1
    parameter [LANES*STATE_BITS-1:0] SEEDS = 12'h321  // none zero
) (
    input wire                  clk,
    input wire                  rst,
    input wire                  start,
    input wire                  replay,
    input wire                  reseed,
    input wire                  load_valid,
    input wire [STATE_BITS-1:0] load_data,
    input wire                  out_ready
);

    localparam ALL = LANES * STATE_BITS;
    localparam [STATE_BITS-1:0] SIGN = 1 << (STATE_BITS - 1);

    wire           load_ready;
    wire           out_valid;
    wire [ALL-1:0] out_data;

    stream_none #(
        .KIND("lfsr"), .BIT_WIDTH(STATE_BITS), .STATE_BITS(STATE_BITS), .LANES(LANES),
        .HAS_RESEED(HAS_RESEED), .LOCKUP_RECOVERY(LOCKUP_RECOVERY), .SEEDS(SEEDS)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data));

    (* hierconn *) wire [ALL-1:0] \dut.state_q ;
    (* hierconn *) wire [ALL-1:0] \dut.kept_q ;
    (* hierconn *) wire [$clog2(LANES+1)-1:0] \dut.gen_reseed.u_control.left_q ;
    (* hierconn *) wire            \dut.gen_reseed.u_control.first_q ;

    // The model: a state a lane, loads still due, and what is kept: by `start`, and of a reseed its
    // first beat.
    reg  [ALL-1:0] model_q;
    reg  [ALL-1:0] kept_model_q;
    reg  [8:0]     due_q;
    wire [ALL-1:0] stepped;
    wire [8:0]     loaded = LANES - due_q;
    wire           idle = due_q == 0;
    wire           accept = out_valid && out_ready;
    wire           load = load_valid && load_ready;

    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
            lfsr #(.STATE_BITS(STATE_BITS), .LEAP(1)) u_lfsr (
                .state(model_q[lane*STATE_BITS +: STATE_BITS]),
                .next_state(stepped[lane*STATE_BITS +: STATE_BITS]));
        end
    endgenerate

    // What was seen at the ports.
    reg           past_q = 1'b0;
    reg           waiting_q = 1'b0;   // a beat was shown, not taken, and nothing else was asked for
    reg           replayed_q = 1'b0;
    reg           first_q = 1'b0;     // the first beat since the loads of a reseed
    reg [ALL-1:0] shown_q;
    reg [ALL-1:0] latched_q;          // the beat shown when `start` came last, or the first one
    wire [ALL-1:0] latched = first_q ? out_data : latched_q;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (rst)
            model_q <= SEEDS;
        else if (!idle && load)
            model_q[(LANES-due_q)*STATE_BITS +: STATE_BITS] <= load_data;
        else if (idle && replay)
            model_q <= kept_model_q;
        else if (accept)
            model_q <= stepped;
        due_q <= rst ? 0 : !idle ? due_q - load : (reseed && HAS_RESEED != 0) ? LANES : 0;
        if (rst)
            kept_model_q <= SEEDS;
        else if (!idle && load)
            kept_model_q[(LANES-due_q)*STATE_BITS +: STATE_BITS] <= load_data;
        else if (idle && start && !replay)
            kept_model_q <= model_q;

        waiting_q <= !rst && !replay && !(reseed && HAS_RESEED != 0) && out_valid && !out_ready;
        replayed_q <= !rst && idle && replay && !(reseed && HAS_RESEED != 0);
        first_q <= !rst && due_q == 1 && load;
        shown_q <= out_data;
        if (rst)
            latched_q <= SEEDS ^ {LANES{SIGN}};
        else if (out_valid)
            latched_q <= (start && !replay) ? out_data : latched;
    end

    wire [ALL-1:0] ones = {ALL{1'b1}};
    wire [ALL-1:0] in_place = \dut.state_q >> (due_q * STATE_BITS);
    wire [ALL-1:0] loaded_bits = ~(ones << (loaded * STATE_BITS));
    reg  any_zero;
    reg  any_kept_zero;
    integer i;

    always @* begin
        any_zero = 1'b0;
        any_kept_zero = 1'b0;
        for (i = 0; i < LANES; i = i + 1) begin
            any_zero = any_zero || \dut.state_q [i*STATE_BITS +: STATE_BITS] == 0;
            any_kept_zero = any_kept_zero || \dut.kept_q [i*STATE_BITS +: STATE_BITS] == 0;
        end
    end

    always @* begin
        assume (past_q || rst);
        assume (load_data != 0);
        if (past_q) begin
            if (waiting_q && !rst)
                held: assert (out_valid && out_data == shown_q);
            if (out_valid)
                delivered: assert (out_data == (model_q ^ {LANES{SIGN}}));
            if (replayed_q && !rst)
                replayed: assert (out_valid && out_data == latched_q);
            valid: assert (out_valid == (idle && !rst) && load_ready == !idle);
            nonzero: assert (!any_zero && !any_kept_zero);

            invariant_due: assert (due_q <= LANES && (HAS_RESEED != 0 || due_q == 0));
            if (idle)
                invariant_state: assert (\dut.state_q == model_q);
            if (!idle)
                invariant_loaded: assert (((in_place ^ model_q) & loaded_bits) == 0);
            if (idle && !first_q)
                invariant_kept: assert (\dut.kept_q == kept_model_q
                                        && latched_q == (kept_model_q ^ {LANES{SIGN}}));
            if (first_q)
                invariant_first: assert (idle && kept_model_q == model_q);
            if (HAS_RESEED != 0)
                invariant_marked: assert (\dut.gen_reseed.u_control.first_q == first_q);
            if (!idle)
                invariant_kept_loaded: assert (((kept_model_q ^ model_q) & loaded_bits) == 0);
            if (!idle)
                invariant_left: assert (\dut.gen_reseed.u_control.left_q == due_q - 1);
        end
    end

endmodule

`resetall
