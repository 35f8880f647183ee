// SPDX-License-Identifier: Apache-2.0
//
// Properties of outer_product: three lanes and a step of eight beats, tensors 3x4, 3, 2x3 and 2.
//
// The model keeps the words taken of each stream since a step began and looks up what each weight is
// a product of:
// of row 1 of the first matrix (weights 4 to 7) the factor is word 5, the last of the beat in which
// weight 4 is, of row 2 (8 to 11) word 8, and of row 1 of the second matrix (18 to 20) word 20.

`resetall
`timescale 1ns/1ps
`default_nettype none

module outer_product_properties #(
    parameter RANK = 1
) (
    input wire       clk,
    input wire       rst,
    input wire       start,
    input wire       replay,
    input wire       reseed,
    input wire       words_valid,
    input wire [3*RANK-1:0] words_data,
    input wire       out_ready
);

    localparam WEIGHTS = 24;  // one surplus
    localparam WORD_BITS = (RANK == 4) ? 3 : RANK;

    wire       words_start;
    wire       words_ready;
    wire       out_valid;
    wire [3*WORD_BITS-1:0] out_data;

    outer_product #(
        .RANK(RANK), .LANES(3), .BEATS(8), .MATRICES(2), .LONGEST(4), .SPAN(6), .FIRST(4),
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
    (* hierconn *) wire [RANK-1:0]   \dut.factor_q ;
    (* hierconn *) wire [RANK-1:0]   \dut.flip_q ;
    (* hierconn *) wire [4*RANK-1:0] \dut.line_q ;

    // The model: the beat of the step, and the words taken since the step began.
    reg  [2:0]         beat_q;
    wire [WEIGHTS-1:0] here = 24'd7 << (3 * beat_q);
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

    // The row in which each beat begins: weights of it that are left, and whether it is a first one;
    // which of the last four weights shown there are.
    wire [23:0] left = {3'd0, 3'd0, 3'd3, 3'd0, 3'd3, 3'd2, 3'd1, 3'd4};
    wire [7:0]  fresh = 8'b0110_0011;
    wire [3:0]  known = beat_q == 0 ? 4'd0 : beat_q == 1 ? 4'b1110 : 4'b1111;

    wire [WEIGHTS*RANK-1:0] minus;  // signs, by weight and stream
    wire [RANK-1:0]         factor_holds;
    wire [RANK-1:0]         flip_holds;
    wire [RANK-1:0]         line_holds;
    genvar k;
    genvar i;
    generate
        for (k = 0; k < RANK; k = k + 1) begin : gen_stream
            reg  [WEIGHTS-1:0] taken_q;
            wire [WEIGHTS-1:0] words = (taken_q & ~here) | ({8{words_data[3*k +: 3]}} & here);
            wire [WEIGHTS-1:0] before;  // what weights showed whose words were taken
            for (i = 0; i < WEIGHTS; i = i + 1) begin : gen_weight
                assign minus[i*RANK+k] = shown(words, i);
                assign before[i] = shown(taken_q, i);
            end

            // The factor of the row in which each beat begins, and whether it is that of the row
            // above.
            wire [7:0] factors = {taken_q[20], 2'b00, {2{taken_q[8]}}, taken_q[5], 2'b00};
            wire [7:0] flips = {
                taken_q[20], 2'b00, {2{taken_q[8] ^ taken_q[5]}}, taken_q[5], 2'b00};

            // The last four weights shown.
            wire [WEIGHTS+3:0] line = {before, 4'd0};
            wire [3:0]         latest = line[3*beat_q +: 4];

            always @(posedge clk)
                if (accept)
                    taken_q <= words;

            assign factor_holds[k] = \dut.factor_q [k] == factors[beat_q];
            assign flip_holds[k] = \dut.flip_q [k] == flips[beat_q];
            assign line_holds[k] = ((\dut.line_q [4*k +: 4] ^ latest) & known) == 0;
        end
    endgenerate

    // Whether a number is half the sum of signs, or of one sign its word.
    function is_half_sum;
        input [WORD_BITS-1:0] number;
        input [RANK-1:0]      signs;
        integer n;
        integer sum;
        begin
            sum = 0;
            for (n = 0; n < RANK; n = n + 1)
                sum = sum + (signs[n] ? -1 : 1);
            is_half_sum = RANK == 1 ? number == signs[0] : 2 * $signed(number) == sum;
        end
    endfunction

    wire [3*RANK-1:0] now = minus[3*RANK*beat_q +: 3*RANK];
    wire [2:0]        right;  // the lane shows what it should,
    wire [2:0]        plain;  // the words in its place
    generate
        for (i = 0; i < 3; i = i + 1) begin : gen_lane
            wire [RANK-1:0] words;
            for (k = 0; k < RANK; k = k + 1) begin : gen_word
                assign words[k] = words_data[3*k+i];
            end
            assign right[i] = is_half_sum(out_data[i*WORD_BITS +: WORD_BITS], now[i*RANK +: RANK]);
            assign plain[i] = is_half_sum(out_data[i*WORD_BITS +: WORD_BITS], words);
        end
    endgenerate

    // What was seen at the ports.
    reg       past_q = 1'b0;
    reg       waiting_q = 1'b0;
    reg       again_q = 1'b0;
    reg [3*WORD_BITS-1:0] seen_q;
    reg [3*RANK-1:0]      seen_words_q;

    always @(posedge clk) begin
        past_q <= 1'b1;
        if (again || (accept && beat_q == 7))
            beat_q <= 0;
        else if (accept)
            beat_q <= beat_q + 1'b1;
        waiting_q <= !again && out_valid && !out_ready;
        again_q <= again;
        seen_q <= out_data;
        seen_words_q <= words_data;
    end

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            delivered: assert (&right);
            if (waiting_q && words_data == seen_words_q)
                held: assert (out_data == seen_q);
            if (again_q)
                replayed: assert (&plain);
            valid: assert (out_valid == words_valid && words_ready == out_ready);
            kept: assert (words_start == (start && beat_q == 0));
            in_range: assert (\dut.left_q < 6 && \dut.beat_q == beat_q);

            invariant_row: assert (\dut.left_q == left[3*beat_q +: 3]
                                   && \dut.fresh_q == fresh[beat_q]
                                   && \dut.matrix_q == (beat_q > 4));
            invariant_factor: assert (&factor_holds);
            if (!fresh[beat_q])
                invariant_flip: assert (&flip_holds);
            invariant_line: assert (&line_holds);
        end
    end

endmodule

`resetall
