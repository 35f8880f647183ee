// SPDX-License-Identifier: Apache-2.0
//
// Commands of the host, byte by byte; the bytes of a number come lowest first.
//
//     "R" address                    read an engine register   -> 4 bytes, status
//     "W" address, 4 bytes           write an engine register  -> status
//     "L" weights, 2 bytes each      load all weights          -> status
//     "D"                            dump all weights          -> 2 bytes each
//     "X" number (2), inputs         load an example           -> status
//     "S" rate (2), count, examples  one training step         -> D (4), M (2), status
//
// A status is 0, or 1 where the engine refused. 255 answers any other first byte, and a count that
// is not 1 to 64. Weights are those of whole beats. An example of a step is two bytes: its number,
// and its label in the upper four bits. The host waits for the answer before its next command.
// Weights, inputs and a step's examples leave as items: one of the three valid outputs is high for
// a clock, with `item` and its place. `dumped` is the row of weights asked for at the last clock.

`resetall
`timescale 1ns/1ps
`default_nettype none

module host_link #(
    parameter LANES = 2,     // 1 to 4
    parameter BEATS = 1205,  // 1 to 65535, beats of weights
    parameter COLUMNS = 32   // 1 to 1024, words of an example, of LANES inputs
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                in_valid,
    input  wire [7:0]          in_data,
    output wire                out_valid,
    input  wire                out_ready,
    output wire [7:0]          out_data,
    output wire                write,
    output wire                read,
    output wire [7:0]          address,
    output wire [31:0]         write_data,
    input  wire                access_done,
    input  wire                access_failed,
    input  wire [31:0]         read_data,
    output wire                weights_valid,
    output wire                inputs_valid,
    output wire                choice_valid,
    output wire [15:0]         place,
    output wire [LANES*16-1:0] item,     // shorter ones are on top
    output wire [15:0]         example,  // whose inputs they are
    output wire                dumping,
    output wire [15:0]         dump_row,
    input  wire [LANES*16-1:0] dumped,
    output wire                step,
    output wire [14:0]         rate,
    output wire [6:0]          count,
    input  wire                step_done,
    input  wire [31:0]         difference,
    input  wire [15:0]         step_taken
);

    localparam BITS = LANES * 16;
    localparam REPLY_BITS = BITS > 56 ? BITS : 56;
    localparam [31:0] LAST_BEAT = BEATS - 1;
    localparam [31:0] LAST_COLUMN = COLUMNS - 1;
    localparam [31:0] WEIGHT_BYTES = 2 * LANES;
    localparam [31:0] INPUT_BYTES = LANES;

    localparam [2:0] IDLE  = 3'd0;
    localparam [2:0] HEAD  = 3'd1;  // the fixed part of a command
    localparam [2:0] BODY  = 3'd2;  // its items
    localparam [2:0] ACT   = 3'd3;  // begins an access or a step
    localparam [2:0] AWAIT = 3'd4;
    localparam [2:0] FETCH = 3'd5;  // a row of weights is read
    localparam [2:0] LATCH = 3'd6;
    localparam [2:0] REPLY = 3'd7;

    reg [2:0]            state_q;
    reg [7:0]            command_q;
    reg [3:0]            left_q;    // bytes left of the head, of an item or of the answer
    reg [39:0]           head_q;    // the last byte is on top
    reg [BITS-1:0]       item_q;    // likewise
    reg                  item_valid_q;
    reg [15:0]           place_q;   // of the item that comes, or of the row that is dumped
    reg [15:0]           item_place_q;
    reg [REPLY_BITS-1:0] reply_q;

    wire is_read   = command_q == "R";
    wire is_write  = command_q == "W";
    wire is_load   = command_q == "L";
    wire is_dump   = command_q == "D";
    wire is_inputs = command_q == "X";
    wire is_step   = command_q == "S";
    wire last_byte = left_q == 4'd1;

    wire [3:0]  item_bytes = is_load   ? WEIGHT_BYTES[3:0]
                           : is_inputs ? INPUT_BYTES[3:0]
                           :             4'd2;
    wire [15:0] last_place = is_step   ? {9'd0, count} - 16'd1
                           : is_inputs ? LAST_COLUMN[15:0]
                           :             LAST_BEAT[15:0];
    wire last_item = place_q == last_place;

    // What a command begins with, by its first byte
    wire [3:0] head_bytes = in_data == "W" ? 4'd5
                          : in_data == "S" ? 4'd3
                          : in_data == "X" ? 4'd2
                          : in_data == "R" ? 4'd1
                          :                  4'd0;

    wire [7:0] next_count = in_data;  // the last byte of the head of a step
    wire bad_count = next_count == 8'd0 || next_count > 8'd64;

    assign address       = is_read ? head_q[39:32] : head_q[7:0];
    assign write_data    = head_q[39:8];
    assign example       = head_q[39:24];
    assign rate          = head_q[30:16];
    assign count         = head_q[38:32];
    assign write         = state_q == ACT && is_write;
    assign read          = state_q == ACT && is_read;
    assign step          = state_q == ACT && is_step;
    assign item          = item_q;
    assign place         = item_place_q;
    assign weights_valid = item_valid_q && is_load;
    assign inputs_valid  = item_valid_q && is_inputs;
    assign choice_valid  = item_valid_q && is_step;
    assign dumping       = is_dump;
    assign dump_row      = place_q;
    assign out_valid     = state_q == REPLY;
    assign out_data      = reply_q[7:0];

    wire sent = out_valid && out_ready;
    wire finished = is_step ? step_done : access_done;

    always @(posedge clk) begin
        if (rst)
            state_q <= IDLE;
        else
            case (state_q)
                IDLE:
                    if (in_valid)
                        state_q <= head_bytes != 4'd0 ? HEAD
                                 : in_data == "L"     ? BODY
                                 : in_data == "D"     ? FETCH
                                 :                      REPLY;
                HEAD:
                    if (in_valid && last_byte)
                        state_q <= is_read || is_write    ? ACT
                                 : is_step && bad_count   ? REPLY
                                 :                          BODY;
                BODY:
                    if (in_valid && last_byte && last_item)
                        state_q <= is_step ? ACT : REPLY;
                ACT:     state_q <= AWAIT;
                AWAIT:   state_q <= finished ? REPLY : AWAIT;
                FETCH:   state_q <= LATCH;
                LATCH:   state_q <= REPLY;
                default: // REPLY
                    if (sent && last_byte)
                        state_q <= is_dump && !last_item ? FETCH : IDLE;
            endcase
    end

    always @(posedge clk) begin
        item_valid_q <= !rst && state_q == BODY && in_valid && last_byte;
        item_place_q <= place_q;
        if (in_valid) begin
            head_q <= state_q == HEAD ? {in_data, head_q[39:8]} : head_q;
            item_q <= {in_data, item_q[BITS-1:8]};
        end
        case (state_q)
            IDLE:
                if (in_valid) begin
                    command_q <= in_data;
                    place_q   <= 16'd0;
                    reply_q   <= {REPLY_BITS{1'b1}};
                    left_q    <= head_bytes != 4'd0 ? head_bytes
                               : in_data == "L"     ? WEIGHT_BYTES[3:0]
                               :                      4'd1;
                end
            HEAD:
                if (in_valid)
                    left_q <= !last_byte            ? left_q - 4'd1
                            : is_step && bad_count  ? 4'd1
                            :                         item_bytes;
            BODY:
                if (in_valid) begin
                    left_q  <= !last_byte ? left_q - 4'd1 : last_item ? 4'd1 : item_bytes;
                    reply_q <= {REPLY_BITS{1'b0}};
                    if (last_byte)
                        place_q <= place_q + 16'd1;
                end
            AWAIT: begin
                left_q  <= is_step ? 4'd7 : is_read ? 4'd5 : 4'd1;
                reply_q <= {REPLY_BITS{1'b0}};
                reply_q[55:0] <= is_step ? {8'd0, step_taken, difference}
                               : is_read ? {16'd0, 7'd0, access_failed, read_data}
                               :           {48'd0, 7'd0, access_failed};
            end
            LATCH: begin
                left_q <= WEIGHT_BYTES[3:0];
                reply_q[BITS-1:0] <= dumped;
            end
            REPLY:
                if (sent) begin
                    left_q  <= left_q - 4'd1;
                    reply_q <= reply_q >> 8;
                    if (last_byte)
                        place_q <= place_q + 16'd1;
                end
            default: ;
        endcase
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 4) begin : gen_bad_lanes
            host_link_LANES_must_be_1_to_4 u_error ();
        end
        if (BEATS < 1 || BEATS > 65535) begin : gen_bad_beats
            host_link_BEATS_must_be_1_to_65535 u_error ();
        end
        if (COLUMNS < 1 || COLUMNS > 1024) begin : gen_bad_columns
            host_link_COLUMNS_must_be_1_to_1024 u_error ();
        end
    endgenerate

endmodule

`resetall
