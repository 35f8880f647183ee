// SPDX-License-Identifier: Apache-2.0
//
// Properties of outer_product: three lanes and a step of eight beats, tensors 3x4, 3, 2x3 and 2.
//
// The model keeps the words taken since a step began and looks up what each weight is a product of:
// of row 1 of the first matrix (weights 4 to 7) the factor is word 5, the last of the beat in which
// weight 4 is, of row 2 (8 to 11) word 8, and of row 1 of the second matrix (18 to 20) word 20.

`resetall
`timescale 1ns/1ps
`default_nettype none

module outer_product_properties (
    input wire       clk,
    input wire       rst,
    input wire       start,
    input wire       replay,
    input wire       reseed,
    input wire       words_valid,
    input wire [2:0] words_data,
    input wire       out_ready
);

    localparam WEIGHTS = 24;  // one surplus

    wire       words_start;
    wire       words_ready;
    wire       out_valid;
    wire [2:0] out_data;

    outer_product #(
        .LANES(3), .BEATS(8), .MATRICES(2), .LONGEST(4), .SPAN(6), .FIRST(4),
        .COLUMNS({24'd3, 24'd4}), .ENDS({24'd7, 24'd4}), .GAPS({24'd6, 24'd6})
    ) dut (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .words_start(words_start), .words_valid(words_valid), .words_ready(words_ready),
        .words_data(words_data), .out_valid(out_valid), .out_ready(out_ready),
        .out_data(out_data));

    (* hierconn *) wire [2:0] \dut.beat_q ;
    (* hierconn *) wire       \dut.matrix_q ;
    (* hierconn *) wire [2:0] \dut.left_q ;
    (* hierconn *) wire       \dut.fresh_q ;
    (* hierconn *) wire       \dut.factor_q ;
    (* hierconn *) wire       \dut.flip_q ;
    (* hierconn *) wire [3:0] \dut.line_q ;

    // The model: the beat of the step, and the words taken since the step began.
    reg  [2:0]         beat_q;
    reg  [WEIGHTS-1:0] taken_q;
    wire [WEIGHTS-1:0] here = 24'd7 << (3 * beat_q);
    wire [WEIGHTS-1:0] words = (taken_q & ~here) | ({8{words_data}} & here);
    wire               accept = out_valid && out_ready;
    wire               again = rst || reseed || replay;

    // What weight `index` shows, given the words of the step.
    function shown;
        input [WEIGHTS-1:0] step;
        input integer       index;
        shown = (index >= 4 && index < 8)   ? step[5] ^ step[index-4]
              : (index >= 8 && index < 12)  ? step[8] ^ step[index-8]
              : (index >= 18 && index < 21) ? step[20] ^ step[index-3]
              : step[index];
    endfunction

    wire [WEIGHTS-1:0] expected;
    wire [WEIGHTS-1:0] before;  // of the words taken
    genvar i;
    generate
        for (i = 0; i < WEIGHTS; i = i + 1) begin : gen_weight
            assign expected[i] = shown(words, i);
            assign before[i] = shown(taken_q, i);
        end
    endgenerate

    // The row in which each beat begins: weights of it that are left, whether it is a first one,
    // its factor, and whether its factor is that of the row above.
    wire [23:0] left = {3'd0, 3'd0, 3'd3, 3'd0, 3'd3, 3'd2, 3'd1, 3'd4};
    wire [7:0]  fresh = 8'b0110_0011;
    wire [7:0]  factors = {taken_q[20], 2'b00, {2{taken_q[8]}}, taken_q[5], 2'b00};
    wire [7:0]  flips = {taken_q[20], 2'b00, {2{taken_q[8] ^ taken_q[5]}}, taken_q[5], 2'b00};

    // The last four weights shown, and which of them there are.
    wire [WEIGHTS+3:0] line = {before, 4'd0};
    wire [3:0]         latest = line[3*beat_q +: 4];
    wire [3:0]         known = beat_q == 0 ? 4'd0 : beat_q == 1 ? 4'b1110 : 4'b1111;

    // What was seen at the ports.
    reg       past_q = 1'b0;
    reg       waiting_q = 1'b0;
    reg       again_q = 1'b0;
    reg [2:0] seen_q;
    reg [2:0] seen_words_q;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (again || (accept && beat_q == 7))
            beat_q <= 0;
        else if (accept)
            beat_q <= beat_q + 1'b1;
        if (accept)
            taken_q <= words;
        waiting_q <= !again && out_valid && !out_ready;
        again_q <= again;
        seen_q <= out_data;
        seen_words_q <= words_data;
    end

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            delivered: assert (out_data == expected[3*beat_q +: 3]);
            if (waiting_q && words_data == seen_words_q)
                held: assert (out_data == seen_q);
            if (again_q)
                replayed: assert (out_data == words_data);
            valid: assert (out_valid == words_valid && words_ready == out_ready);
            kept: assert (words_start == (start && beat_q == 0));
            in_range: assert (\dut.left_q < 6 && \dut.beat_q == beat_q);

            invariant_row: assert (\dut.left_q == left[3*beat_q +: 3]
                                   && \dut.fresh_q == fresh[beat_q]
                                   && \dut.matrix_q == (beat_q > 4));
            invariant_factor: assert (\dut.factor_q == factors[beat_q]);
            if (!fresh[beat_q])
                invariant_flip: assert (\dut.flip_q == flips[beat_q]);
            invariant_line: assert (((\dut.line_q ^ latest) & known) == 0);
        end
    end

endmodule

`resetall
