// SPDX-License-Identifier: Apache-2.0
//
// Properties of stream_phased: the beats delivered are XORs of one linear state, which starts over
// after a prime number of beats.
//
// Lane 0 shows the whole state, so that what is proved of data is proved of the state; lane 1 shows
// XORs of two state bits each, its bit 0 wired from the sign of lane 0, or, with SHIFTED, the state
// five beats on.

`resetall
`timescale 1ns/1ps
`default_nettype none

module stream_phased_properties #(
    parameter HAS_RESEED = 0,     // 0 or 1
    parameter LOCKUP_RECOVERY = 0,  // 0 or 1
    parameter EXPONENT_BITS = 0,  // 0 to 2
    parameter SHIFTED = 0         // 0 or 1
) (
    input wire       clk,
    input wire       rst,
    input wire       start,
    input wire       replay,
    input wire       reseed,
    input wire       load_valid,
    input wire [3:0] load_data,
    input wire       out_ready
);

    localparam STATES = 15;
    localparam PERIOD = 13;
    localparam [3:0] SEED = 4'd5;
    localparam [3:0] LAST = 4'd3;
    localparam [5:0] BASE = 6'd60;
    // State bit s is in output bit s, and in bits s and s + 1 (modulo 4, but not 0) of lane 1 or,
    // with SHIFTED, in the bits that it has come to five beats on.
    localparam [31:0] COLUMNS = SHIFTED != 0
        ? {8'b0110_1000, 8'b0011_0100, 8'b1101_0010, 8'b1010_0001}
        : {8'b1000_1000, 8'b1100_0100, 8'b0110_0010, 8'b0010_0001};

    wire       load_ready;
    wire       out_valid;
    wire [7:0] out_data;
    wire [5:0] out_exponent;

    stream_phased #(
        .BIT_WIDTH(4), .STATE_BITS(4), .LANES(2), .HAS_RESEED(HAS_RESEED),
        .EXPONENT_BITS(EXPONENT_BITS), .EXPONENT_BASE(BASE), .EXPONENT_FILE("exponents.hex"),
        .SHARES(SHIFTED != 0 ? 0 : 1), .DISTANCES(16'd7), .PLACES(8'b0001_0000),
        .COLUMNS(COLUMNS), .LAST(LAST), .SEED(SEED),
        .LOCKUP_RECOVERY(LOCKUP_RECOVERY)
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_ready(load_ready), .load_data(load_data),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data),
        .out_exponent(out_exponent));

    (* hierconn *) wire [3:0] \dut.state_q ;
    (* hierconn *) wire [3:0] \dut.kept_q ;
    (* hierconn *) wire [0:0] \dut.gen_reseed.u_control.left_q ;
    (* hierconn *) wire       \dut.gen_reseed.u_control.first_q ;

    // The model: the place in the cycle of all states from SEED on, of which PERIOD are visited, and
    // what is kept of it: by `start`, and of a reseed its first beat.
    reg [3:0] place_q;
    reg [3:0] kept_place_q;
    reg       loading_q;
    wire      accept = out_valid && out_ready;
    wire      load = load_valid && load_ready;
    wire      asked = reseed && HAS_RESEED != 0;

    function [3:0] updated;
        input [3:0] state;
        updated = {state[0], state[3] ^ state[0], state[2:1]};
    endfunction

    function [3:0] beside;
        input [3:0] state;
        beside = SHIFTED != 0 ? updated(updated(updated(updated(updated(state)))))
                              : {state[3:1] ^ state[2:0], !state[3]};
    endfunction

    function [7:0] words;
        input [3:0] state;
        words = {beside(state) ^ 4'd8, state ^ 4'd8};
    endfunction

    wire [3:0] states [0:STATES];
    reg  [3:0] loaded_place;
    integer    j;
    assign states[0] = SEED;
    genvar i;
    generate
        for (i = 0; i < STATES; i = i + 1) begin : gen_state
            assign states[i+1] = updated(states[i]);
        end
    endgenerate

    always @* begin
        loaded_place = 0;
        for (j = 0; j < STATES; j = j + 1)
            if (states[j] == load_data)
                loaded_place = j;
    end

    wire [3:0] model = states[place_q];
    wire [3:0] kept_model = states[kept_place_q];
    wire [5:0] exponent;
    wire [5:0] kept_exponent;
    generate
        if (EXPONENT_BITS > 0) begin : gen_exponents
            reg [1:0] entries [0:15];
            initial $readmemh("exponents.hex", entries);
            assign exponent = BASE + entries[model];
            assign kept_exponent = BASE + entries[kept_model];
        end else begin : gen_constant
            assign exponent = BASE;
            assign kept_exponent = BASE;
        end
    endgenerate

    // What was seen at the ports.
    reg        past_q = 1'b0;
    reg        waiting_q = 1'b0;   // a beat was shown, not taken, and nothing else was asked for
    reg        replayed_q = 1'b0;
    reg        first_q = 1'b0;     // the first beat since the load of a reseed
    reg [13:0] seen_q;
    reg [13:0] latched_q;          // the beat shown when `start` came last, or the first one
    reg        any_shown_q;        // a beat was shown since rst
    wire [13:0] latched = (first_q || !any_shown_q) ? {out_exponent, out_data} : latched_q;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (rst || (loading_q && load))
            place_q <= rst ? 0 : loaded_place;
        else if (!loading_q && replay)
            place_q <= kept_place_q;
        else if (accept)
            place_q <= (place_q == PERIOD - 1 || place_q == STATES - 1) ? 0 : place_q + 1'b1;
        loading_q <= !rst && (loading_q ? !load : asked);
        if (rst || (loading_q && load))
            kept_place_q <= rst ? 0 : loaded_place;
        else if (!loading_q && start && !replay)
            kept_place_q <= place_q;

        waiting_q <= !rst && !replay && !asked && out_valid && !out_ready;
        replayed_q <= !rst && !loading_q && replay && any_shown_q && !asked;
        first_q <= !rst && loading_q && load;
        any_shown_q <= !rst && (any_shown_q || out_valid);
        seen_q <= {out_exponent, out_data};
        if (out_valid)
            latched_q <= (start && !replay) ? {out_exponent, out_data} : latched;
    end

    always @* begin
        assume (past_q || rst);
        assume (load_data != 0);
        if (past_q) begin
            if (waiting_q && !rst)
                held: assert (out_valid && {out_exponent, out_data} == seen_q);
            if (out_valid)
                delivered: assert (out_data == words(model));
            if (out_valid)
                scaled: assert (out_exponent == exponent);
            if (replayed_q && !rst)
                replayed: assert (out_valid && {out_exponent, out_data} == latched_q);
            valid: assert (out_valid == (!loading_q && !rst) && load_ready == loading_q);
            nonzero: assert (\dut.state_q != 0 && \dut.kept_q != 0);

            invariant_ranges: assert (place_q < STATES && kept_place_q < STATES
                                      && (HAS_RESEED != 0 || !loading_q));
            if (loading_q)
                invariant_left: assert (\dut.gen_reseed.u_control.left_q == 0);
            if (!loading_q)
                invariant_state: assert (\dut.state_q == model);
            if (!loading_q && !first_q)
                invariant_kept: assert (\dut.kept_q == kept_model);
            if (first_q)
                invariant_first: assert (!loading_q && kept_place_q == place_q);
            if (HAS_RESEED != 0)
                invariant_marked: assert (\dut.gen_reseed.u_control.first_q == first_q);
            if (!loading_q && !first_q && any_shown_q)
                invariant_latched: assert (latched_q == {kept_exponent, words(kept_model)});
            if (!any_shown_q)
                invariant_none_shown: assert (!loading_q && !first_q && place_q == 0
                                         && kept_place_q == 0);
        end
    end

endmodule

`resetall
