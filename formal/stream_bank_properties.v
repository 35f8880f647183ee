// SPDX-License-Identifier: Apache-2.0
//
// Properties of stream_bank: the beats delivered are those of generators that stay where they are
// and lanes that read the next generator after every full period.
//
// The words show whole states, so that what is proved of data is proved of states.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_bank_properties #(
    parameter LANES = 3,          // 2 to 7
    parameter HAS_RESEED = 0,     // 0 or 1
    parameter LOCKUP_RECOVERY = 0,  // 0 or 1
    parameter EXPONENT_BITS = 0,  // 0 to 2
    parameter [LANES*3-1:0] SEEDS = 9'o421  // states of three bits, none zero
) (
    input wire       clk,
    input wire       rst,
    input wire       start,
    input wire       replay,
    input wire       reseed,
    input wire       load_valid,
    input wire [2:0] load_data,
    input wire       out_ready
);

    localparam STATE_BITS = 3;
    localparam PERIOD = 7;
    localparam ALL = LANES * STATE_BITS;
    localparam TABLE_WORDS = (EXPONENT_BITS > 0) ? PERIOD : 0;
    localparam FIRST_WORDS = (TABLE_WORDS != 0 && HAS_RESEED != 0) ? LANES + TABLE_WORDS : 0;
    localparam [5:0] BASE = 6'd61;

    wire           load_ready;
    wire           out_valid;
    wire [ALL-1:0] out_data;
    wire [5:0]     out_exponent;

    stream_bank #(
        .BIT_WIDTH(STATE_BITS), .STATE_BITS(STATE_BITS), .LANES(LANES), .HAS_RESEED(HAS_RESEED),
        .EXPONENT_BITS(EXPONENT_BITS), .EXPONENT_BASE(BASE),
        .EXPONENT_FILE(HAS_RESEED != 0 ? "" : "exponents.hex"), .SEEDS(SEEDS),
        .LOCKUP_RECOVERY(LOCKUP_RECOVERY)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data),
        .out_exponent(out_exponent));

    (* hierconn *) wire [ALL-1:0] \dut.state_q ;
    (* hierconn *) wire [ALL-1:0] \dut.kept_q ;
    (* hierconn *) wire [2:0]     \dut.u_count.count_q ;
    (* hierconn *) wire [2:0]     \dut.u_count.kept_q ;
    (* hierconn *) wire [$clog2(LANES+TABLE_WORDS+1)-1:0] \dut.gen_reseed.u_control.left_q ;
    (* hierconn *) wire           \dut.gen_reseed.u_control.first_q ;
    (* hierconn *) wire [$clog2(LANES+1)-1:0] \dut.gen_table_load.u_states.left_q ;
    (* hierconn *) wire           \dut.gen_table_load.u_states.loading_q ;
    (* hierconn *) wire [(EXPONENT_BITS > 0 ? EXPONENT_BITS : 1)-1:0]
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[1] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[2] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[3] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[4] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[5] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[6] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[7] ;

    // The model: a state a generator; the generator that lane 0 reads; the place in the period.
    reg [ALL-1:0] model_q;
    reg [3:0]     turn_q;
    reg [2:0]     place_q;
    reg [ALL-1:0] kept_model_q;
    reg [3:0]     kept_turn_q;
    reg [2:0]     kept_place_q;
    wire [13:0]   exponents;          // two bits a place
    reg [4:0]     due_q;              // words still to load
    wire          idle = due_q == 0;
    wire          states_due = due_q > TABLE_WORDS;
    wire [3:0]    loaded = LANES + TABLE_WORDS - due_q;
    wire          accept = out_valid && out_ready;
    wire          load = load_valid && load_ready;
    wire          asked = reseed && HAS_RESEED != 0;
    wire [ALL-1:0] stepped;
    wire [ALL-1:0] shown;      // the model's states, as the lanes read them
    wire [ALL-1:0] kept_shown;

    // Count of each place of the period.
    function [2:0] count_of;
        input [2:0] place;
        case (place)
            3'd0: count_of = 3'd1;
            3'd1: count_of = 3'd6;
            3'd2: count_of = 3'd3;
            3'd3: count_of = 3'd7;
            3'd4: count_of = 3'd5;
            3'd5: count_of = 3'd4;
            default: count_of = 3'd2;
        endcase
    endfunction

    function [ALL-1:0] turned;
        input [ALL-1:0] states;
        input [3:0] turn;
        reg [2*ALL-1:0] twice;
        begin
            twice = {states, states} >> (turn * STATE_BITS);
            turned = twice[ALL-1:0];
        end
    endfunction

    assign shown = turned(model_q, turn_q);
    assign kept_shown = turned(kept_model_q, kept_turn_q);

    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
            lfsr #(.STATE_BITS(STATE_BITS), .LEAP(1)) u_lfsr (
                .state(model_q[lane*STATE_BITS +: STATE_BITS]),
                .next_state(stepped[lane*STATE_BITS +: STATE_BITS]));
        end

        if (EXPONENT_BITS > 0 && HAS_RESEED == 0) begin : gen_file
            reg [1:0] entries [0:7];
            initial $readmemh("exponents.hex", entries);
            for (lane = 0; lane < PERIOD; lane = lane + 1) begin : gen_place
                assign exponents[2*lane +: 2] = entries[count_of(lane)];
            end
        end else begin : gen_loaded
            reg [13:0] exponents_q;
            assign exponents = exponents_q;
            always @(posedge clk)
                if (!rst && !idle && !states_due && load)
                    exponents_q[2*place_q +: 2] <= load_data;
        end
    endgenerate

    // What was seen at the ports.
    reg           past_q = 1'b0;
    reg           waiting_q = 1'b0;   // a beat was shown, not taken, and nothing else was asked for
    reg           replayed_q = 1'b0;
    reg           first_q = 1'b0;     // the first beat since the loads of a reseed
    reg [ALL+5:0] seen_q;
    reg [ALL+5:0] latched_q;          // the beat shown when `start` came last, or the first one
    reg           any_shown_q;        // a beat was shown since rst
    wire [ALL+5:0] latched = (first_q || !any_shown_q) ? {out_exponent, out_data} : latched_q;
    integer i, j, k;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (rst)
            model_q <= SEEDS;
        else if (states_due && load) begin
            for (i = 0; i < LANES; i = i + 1)
                if (i == loaded)
                    model_q[i*STATE_BITS +: STATE_BITS] <= load_data;
                else
                    model_q[i*STATE_BITS +: STATE_BITS] <= stepped[i*STATE_BITS +: STATE_BITS];
        end else if (idle && replay)
            model_q <= first_q ? model_q : kept_model_q;
        else if (accept)
            model_q <= stepped;

        if (rst || (states_due && load)) begin
            place_q <= 0;
            turn_q <= 0;
        end else if (idle && replay) begin
            place_q <= first_q ? 0 : kept_place_q;
            turn_q <= first_q ? 0 : kept_turn_q;
        end else if (accept || (!idle && load)) begin
            place_q <= (place_q == PERIOD - 1) ? 0 : place_q + 1'b1;
            if (accept && place_q == PERIOD - 1)
                turn_q <= (turn_q == LANES - 1) ? 0 : turn_q + 1'b1;
        end

        due_q <= rst ? FIRST_WORDS : !idle ? due_q - load : asked ? LANES + TABLE_WORDS : 0;

        if (rst) begin
            kept_model_q <= SEEDS;
            kept_turn_q <= 0;
            kept_place_q <= 0;
        end else if (first_q || (idle && start && !replay)) begin
            kept_model_q <= model_q;  // by `start`, and the first beat of a reseed
            kept_turn_q <= turn_q;
            kept_place_q <= place_q;
        end

        waiting_q <= !rst && !replay && !asked && out_valid && !out_ready;
        replayed_q <= !rst && idle && replay && any_shown_q && !asked;
        first_q <= !rst && due_q == 1 && load;
        any_shown_q <= !rst && (any_shown_q || out_valid);
        seen_q <= {out_exponent, out_data};
        if (out_valid)
            latched_q <= (start && !replay) ? {out_exponent, out_data} : latched;
    end

    wire [ALL-1:0] ones = {ALL{1'b1}};
    wire [ALL-1:0] in_place = \dut.state_q >> ((due_q - TABLE_WORDS) * STATE_BITS);
    wire [ALL-1:0] loaded_bits = ~(ones << (loaded * STATE_BITS));
    wire [5:0]     exponent = (EXPONENT_BITS > 0) ? BASE + exponents[2*place_q +: 2] : BASE;
    wire [5:0]     kept_exponent = (EXPONENT_BITS > 0) ? BASE + exponents[2*kept_place_q +: 2] : BASE;
    wire [ALL-1:0] signs = {LANES{3'b100}};
    reg            any_zero;

    always @* begin
        any_zero = 1'b0;
        for (j = 0; j < LANES; j = j + 1)
            any_zero = any_zero || \dut.state_q [j*STATE_BITS +: STATE_BITS] == 0
                                || \dut.kept_q [j*STATE_BITS +: STATE_BITS] == 0;
    end

    // The table in place, as far as it is loaded.
    wire [4:0] entries_there = states_due ? 0 : TABLE_WORDS - due_q;
    wire [15:0] table_rows = {
        2'b0,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[2] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[4] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[5] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[7] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[3] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[6] ,
        \dut.u_exponent.gen_table.u_entries.gen_ram.rows[1] };
    reg table_differs;

    always @* begin
        table_differs = 1'b0;
        for (k = 0; k < PERIOD; k = k + 1)
            if (k < entries_there && table_rows[2*k +: 2] != exponents[2*k +: 2])
                table_differs = 1'b1;
    end

    always @* begin
        assume (past_q || rst);
        if (states_due)
            assume (load_data != 0);
        if (past_q) begin
            if (waiting_q && !rst)
                held: assert (out_valid && {out_exponent, out_data} == seen_q);
            if (out_valid)
                delivered: assert (out_data == (shown ^ signs));
            if (out_valid)
                scaled: assert (out_exponent == exponent);
            if (replayed_q && !rst)
                replayed: assert (out_valid && {out_exponent, out_data} == latched_q);
            valid: assert (out_valid == (idle && !rst) && load_ready == !idle);
            nonzero: assert (!any_zero && \dut.u_count.count_q != 0 && \dut.u_count.kept_q != 0);

            invariant_ranges: assert (due_q <= LANES + TABLE_WORDS && turn_q < LANES
                && place_q < PERIOD && kept_turn_q < LANES && kept_place_q < PERIOD
                && (HAS_RESEED != 0 || due_q == 0));
            if (idle)
                invariant_state: assert (\dut.state_q == shown
                                         && \dut.u_count.count_q == count_of(place_q));
            if (states_due)
                invariant_loaded: assert (((in_place ^ model_q) & loaded_bits) == 0);
            if (!idle && !states_due)
                invariant_table: assert (\dut.state_q == model_q && turn_q == 0
                    && place_q == TABLE_WORDS - due_q
                    && \dut.u_count.count_q == count_of(place_q));
            if (!idle)
                invariant_left: assert (\dut.gen_reseed.u_control.left_q == due_q - 1);
            if (HAS_RESEED != 0 && TABLE_WORDS != 0) begin
                invariant_states: assert (\dut.gen_table_load.u_states.loading_q == states_due);
                if (states_due)
                    invariant_states_left: assert (\dut.gen_table_load.u_states.left_q
                                                   == due_q - TABLE_WORDS - 1);
                invariant_entries: assert (!table_differs);
            end
            if (idle && !first_q)
                invariant_kept: assert (\dut.kept_q == kept_shown
                                        && \dut.u_count.kept_q == count_of(kept_place_q));
            if (first_q)
                invariant_first: assert (idle && place_q == 0 && turn_q == 0);
            if (HAS_RESEED != 0)
                invariant_marked: assert (\dut.gen_reseed.u_control.first_q == first_q);
            if (!any_shown_q && idle && !first_q)
                invariant_none_shown: assert (FIRST_WORDS == 0 && model_q == SEEDS
                    && kept_model_q == SEEDS && turn_q == 0 && kept_turn_q == 0 && place_q == 0
                    && kept_place_q == 0);
            if (idle && !first_q && any_shown_q)
                invariant_latched: assert (latched_q == {kept_exponent, kept_shown ^ signs});
        end
    end

endmodule

`resetall
