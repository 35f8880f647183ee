// SPDX-License-Identifier: Apache-2.0
//
// One step of zeroth-order training: the order of the engine's passes, their losses, the update.
//
// For each of `count` examples one pass in mode plus and one in mode minus go through the engine
// into the forward pass, whose loss is added to or subtracted from D. Only the first pass takes new
// numbers, all others replay them, so no perturbed weight is stored. Then comes the step M of D and
// the rate, and a pass in mode update. A register write that is refused, because the last beats of
// a pass are still in the engine, is repeated. `choice` is the place of the example in the batch.

`resetall
`timescale 1ns/1ps
`default_nettype none

module step_sequencer (
    input  wire               clk,
    input  wire               rst,
    input  wire               start,
    input  wire [6:0]         count,  // 1 to 64
    output wire               done,
    output wire signed [31:0] difference,
    output wire [5:0]         choice,
    output wire               active,
    output wire               write,
    output wire [7:0]         address,
    output wire [31:0]        write_data,
    input  wire               access_done,
    input  wire               access_failed,
    output wire               begin_pass,  // the engine accepted the mode: the weights may come
    output wire               updating,
    input  wire               pass_done,   // the forward pass ended, or the last weight is stored
    output wire               loss_start,
    input  wire               loss_done,
    input  wire signed [31:0] loss,
    output wire               size_start,
    input  wire               size_done,
    input  wire signed [15:0] size
);

    // Registers of perturb_engine_map.vh
    localparam [7:0] CONTROL_ADDRESS = 8'h10;
    localparam [7:0] STEP_ADDRESS = 8'h14;

    localparam [3:0] IDLE  = 4'd0;
    localparam [3:0] MODE  = 4'd1;  // writes CONTROL
    localparam [3:0] BEGIN = 4'd2;
    localparam [3:0] PASS  = 4'd3;
    localparam [3:0] LOSS  = 4'd4;
    localparam [3:0] SUM   = 4'd5;  // D is complete, or the next pass follows
    localparam [3:0] SIZE  = 4'd6;
    localparam [3:0] STEP  = 4'd7;  // writes STEP
    localparam [3:0] KEEP  = 4'd8;
    localparam [3:0] DONE  = 4'd9;

    reg        [3:0]  state_q;
    reg               minus_q;
    reg               update_q;
    reg               replay_q;
    reg        [6:0]  place_q;
    reg signed [31:0] difference_q;

    wire [1:0] mode     = update_q ? 2'd3 : minus_q ? 2'd2 : 2'd1;
    wire       last     = minus_q && place_q == count - 7'd1;
    wire       accepted = access_done && !access_failed;
    wire       refused  = access_done && access_failed;

    assign done       = state_q == DONE;
    assign difference = difference_q;
    assign choice     = place_q[5:0];
    assign active     = state_q != IDLE;
    assign write      = state_q == MODE || state_q == STEP;
    assign address    = state_q == MODE ? CONTROL_ADDRESS : STEP_ADDRESS;
    assign write_data = state_q == MODE ? {29'd0, replay_q, mode} : {{16{size[15]}}, size};
    assign begin_pass = state_q == BEGIN && accepted;
    assign updating   = update_q;
    assign loss_start = state_q == PASS && pass_done && !update_q;
    assign size_start = state_q == SUM && last;

    always @(posedge clk) begin
        if (rst)
            state_q <= IDLE;
        else
            case (state_q)
                IDLE:    state_q <= start ? MODE : IDLE;
                MODE:    state_q <= BEGIN;
                BEGIN:   state_q <= accepted ? PASS : refused ? MODE : BEGIN;
                PASS:    state_q <= !pass_done ? PASS : update_q ? DONE : LOSS;
                LOSS:    state_q <= loss_done ? SUM : LOSS;
                SUM:     state_q <= last ? SIZE : MODE;
                SIZE:    state_q <= size_done ? STEP : SIZE;
                STEP:    state_q <= KEEP;
                KEEP:    state_q <= accepted ? MODE : refused ? STEP : KEEP;
                default: state_q <= IDLE;
            endcase
    end

    always @(posedge clk) begin
        case (state_q)
            IDLE: begin
                minus_q      <= 1'b0;
                update_q     <= 1'b0;
                replay_q     <= 1'b0;
                place_q      <= 7'd0;
                difference_q <= 32'sd0;
            end
            PASS:
                replay_q <= 1'b1;
            LOSS:
                if (loss_done)
                    difference_q <= minus_q ? difference_q - loss : difference_q + loss;
            SUM:
                if (!last) begin
                    minus_q <= !minus_q;
                    place_q <= place_q + {6'd0, minus_q};
                end
            SIZE:
                update_q <= 1'b1;
            default: ;
        endcase
    end

endmodule

`resetall
