// SPDX-License-Identifier: Apache-2.0
//
// The loss of one example: log-sum-exp of its logits minus the logit of its class, in nats with 12
// fraction bits. The `cross_entropy` of pezoexplore.train.fixed_point, integer for integer.
//
// Exponential and logarithm are the polynomials given there (Horner's rule, 15 fraction bits). One
// multiplier, a product a clock: 8 clocks a class and 10 more. `top` is the largest logit;
// logit_address asks for a logit, which is there at the next clock. `done` is high for one clock,
// and `loss` stays until the next start.

`resetall
`timescale 1ns/1ps
`default_nettype none

module cross_entropy #(
    parameter CLASSES = 10,     // 2 to 16
    parameter ADDRESS_BITS = 4  // 1 to 24, 2**ADDRESS_BITS at least CLASSES
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    start,
    input  wire [3:0]              label,
    input  wire signed [31:0]      top,
    output wire [ADDRESS_BITS-1:0] logit_address,
    input  wire signed [31:0]      logit,
    output wire                    done,
    output wire signed [31:0]      loss
);

    localparam [31:0] LAST = CLASSES - 1;
    localparam [14:0] LOG2_E = 15'd23637;  // 14 fraction bits
    localparam [14:0] LN_2 = 15'd11357;    // 14 fraction bits

    localparam [2:0] IDLE   = 3'd0;
    localparam [2:0] FETCH  = 3'd1;  // the logit is on its way
    localparam [2:0] SCALE  = 3'd2;  // its distance to the largest is multiplied by log2(e)
    localparam [2:0] SPLIT  = 3'd3;  // ... and split into a whole part and a fraction
    localparam [2:0] HORNER = 3'd4;
    localparam [2:0] ADD    = 3'd5;  // one exponential more
    localparam [2:0] NATS   = 3'd6;  // log2 of the sum is multiplied by ln(2)
    localparam [2:0] FINISH = 3'd7;

    reg [2:0]              state_q;
    reg                    log_q;  // the polynomial of the logarithm
    reg [2:0]              term_q;
    reg [ADDRESS_BITS-1:0] class_q;
    reg [4:0]              whole_q;
    reg [19:0]             sum_q;
    reg signed [31:0]      own_q;
    reg signed [31:0]      loss_q;
    reg                    done_q;
    reg signed [17:0]      a_q;
    reg [14:0]             b_q;

    wire [31:0] number = {{(32-ADDRESS_BITS){1'b0}}, class_q};
    wire last_class = number == LAST;

    wire [31:0] below = top - logit;
    wire [15:0] distance = below[31:16] == 16'd0 ? below[15:0] : 16'hffff;

    wire signed [33:0] product = a_q * $signed({1'b0, b_q});
    wire signed [17:0] value = coefficient(log_q, term_q) + product[32:15];
    wire [18:0] rounded = product[32:14] + 19'd1;  // halves are rounded up; never negative
    wire unused = &{1'b0, product[33], product[13:0], rounded[0]};

    // Position of the highest bit of the sum, of 2**15 and more, above the binary point.
    wire [2:0] above = sum_q[19] ? 3'd4 : sum_q[18] ? 3'd3 : sum_q[17] ? 3'd2 : {2'b0, sum_q[16]};
    wire [19:0] mantissa = sum_q >> above;
    wire signed [19:0] log2 = {2'b0, above, 15'd0} + {{2{a_q[17]}}, a_q};
    wire unused_tops = &{1'b0, mantissa[19:15], log2[1:0]};

    // Of 2**-f and of log2(1 + f), the power `index` of f.
    function signed [17:0] coefficient;
        input       logarithm;
        input [2:0] index;
        begin
            case ({logarithm, index})
                4'h0: coefficient = 18'sd32768;
                4'h1: coefficient = -18'sd22710;
                4'h2: coefficient = 18'sd7846;
                4'h3: coefficient = -18'sd1744;
                4'h4: coefficient = 18'sd224;
                4'h8: coefficient = 18'sd0;
                4'h9: coefficient = 18'sd47266;
                4'ha: coefficient = -18'sd23505;
                4'hb: coefficient = 18'sd14893;
                4'hc: coefficient = -18'sd8936;
                4'hd: coefficient = 18'sd3854;
                4'he: coefficient = -18'sd805;
                default: coefficient = 18'sd0;
            endcase
        end
    endfunction

    assign logit_address = class_q;
    assign done = done_q;
    assign loss = loss_q;

    always @(posedge clk) begin
        done_q <= !rst && state_q == FINISH;
        if (rst)
            state_q <= IDLE;
        else
            case (state_q)
                IDLE:    state_q <= start ? FETCH : IDLE;
                FETCH:   state_q <= SCALE;
                SCALE:   state_q <= SPLIT;
                SPLIT:   state_q <= HORNER;
                HORNER:  state_q <= term_q != 3'd0 ? HORNER : log_q ? NATS : ADD;
                ADD:     state_q <= last_class ? SPLIT : FETCH;
                NATS:    state_q <= FINISH;
                default: state_q <= IDLE;
            endcase
    end

    always @(posedge clk) begin
        case (state_q)
            IDLE: begin
                class_q <= {ADDRESS_BITS{1'b0}};
                sum_q   <= 20'd0;
                log_q   <= 1'b0;
            end
            SCALE: begin
                a_q <= {2'b0, distance};
                b_q <= LOG2_E;
                if (number == {28'b0, label})
                    own_q <= logit;
            end
            SPLIT: begin
                a_q     <= coefficient(log_q, log_q ? 3'd6 : 3'd4);
                b_q     <= log_q ? mantissa[14:0] : {product[25:14], 3'b0};
                term_q  <= log_q ? 3'd5 : 3'd3;
                whole_q <= product[30:26];
            end
            HORNER: begin
                a_q    <= value;
                term_q <= term_q - 3'd1;
            end
            ADD: begin
                sum_q   <= sum_q + {2'b0, a_q >> whole_q};
                class_q <= class_q + 1'b1;
                log_q   <= last_class;
            end
            NATS: begin
                a_q <= log2[19:2];
                b_q <= LN_2;
            end
            FINISH:
                loss_q <= top - own_q + {14'b0, rounded[18:1]};
            default: ;
        endcase
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (CLASSES < 2 || CLASSES > 16) begin : gen_bad_classes
            cross_entropy_CLASSES_must_be_2_to_16 u_error ();
        end
        if (ADDRESS_BITS < 1 || ADDRESS_BITS > 24 || (1 << ADDRESS_BITS) < CLASSES)
        begin : gen_bad_address_bits
            cross_entropy_ADDRESS_BITS_must_be_1_to_24_and_reach_CLASSES u_error ();
        end
    endgenerate

endmodule

`resetall
