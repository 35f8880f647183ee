// SPDX-License-Identifier: Apache-2.0
//
// The perturbation engine: weights come in by AXI4-Stream and leave perturbed or updated, LANES a
// clock, bit for bit as the fixed-point trainer of pezoexplore.train.fixed_loop computes them.
//
// A beat holds LANES weights, lane 0 lowest, each in one byte or, above 8 bits, two: in two's
// complement, sign extended on the way out, upper bits ignored on the way in. A pass is begun by a
// write to CONTROL, ends with the beat of TLAST, and sends on (pass by mode) the weights as they
// are, saturate(w + p), saturate(w - p), or saturate(w - round(M u / 2**S)). Stored weights are
// never perturbed in place, so nothing has to be undone: `restore` sends them again.
// Timing: one beat a clock; a beat leaves five clocks after it was taken; TREADY depends on
// registers alone. Streams: number 0 shows the direction; words of NOISE_WORDS others, one after
// the other with the first on top, are the random bits of each of the DRAWS roundings of a weight.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_engine #(
    parameter LANES = 31,        // 1 to 256
    parameter BIT_WIDTH = 8,     // 1 to 24, bits of a word
    parameter HALF = 1,          // 0 or 1; 1: a word w stands for w + 1/2; 1 if BIT_WIDTH is 1
    parameter STATE_BITS = 16,   // 1 and more, bits of a word to load into a stream
    parameter WEIGHT_BITS = 16,  // 4 to 16
    parameter SEGMENTS = 2,      // 1 to 16, parts of the model with a scale of their own
    parameter DRAWS = 0,         // 0: nearest; 1: update; 2: probe, update; 3: probe, u, update
    parameter NOISE_WORDS = 1,   // 1 to 8
    parameter HAS_RESEED = 0,    // 0 or 1
    parameter SOURCES = 1,       // 1 + DRAWS*NOISE_WORDS
    parameter SLOT_BITS = 16     // 8 or 16, at least WEIGHT_BITS
) (
    input  wire                               aclk,
    input  wire                               aresetn,
    input  wire [7:0]                         s_axil_awaddr,
    input  wire [2:0]                         s_axil_awprot,
    input  wire                               s_axil_awvalid,
    output wire                               s_axil_awready,
    input  wire [31:0]                        s_axil_wdata,
    input  wire [3:0]                         s_axil_wstrb,
    input  wire                               s_axil_wvalid,
    output wire                               s_axil_wready,
    output wire [1:0]                         s_axil_bresp,
    output wire                               s_axil_bvalid,
    input  wire                               s_axil_bready,
    input  wire [7:0]                         s_axil_araddr,
    input  wire [2:0]                         s_axil_arprot,
    input  wire                               s_axil_arvalid,
    output wire                               s_axil_arready,
    output wire [31:0]                        s_axil_rdata,
    output wire [1:0]                         s_axil_rresp,
    output wire                               s_axil_rvalid,
    input  wire                               s_axil_rready,
    input  wire [LANES*SLOT_BITS-1:0]         s_axis_tdata,
    input  wire                               s_axis_tvalid,
    output wire                               s_axis_tready,
    input  wire                               s_axis_tlast,
    output wire [LANES*SLOT_BITS-1:0]         m_axis_tdata,
    output wire                               m_axis_tvalid,
    input  wire                               m_axis_tready,
    output wire                               m_axis_tlast,
    output wire                               source_rst,
    output wire                               source_start,
    output wire                               source_replay,
    output wire [SOURCES-1:0]                 source_reseed,
    output wire [SOURCES-1:0]                 source_load_valid,
    input  wire [SOURCES-1:0]                 source_load_ready,
    output wire [STATE_BITS-1:0]              source_load_data,
    input  wire [SOURCES-1:0]                 source_valid,
    output wire [SOURCES-1:0]                 source_ready,
    input  wire [SOURCES*LANES*BIT_WIDTH-1:0] source_data
);

    localparam VALUE_BITS = BIT_WIDTH + HALF;
    localparam SHIFT_BITS = $clog2(WEIGHT_BITS + VALUE_BITS - 1);
    localparam NOISE_BITS = NOISE_WORDS * BIT_WIDTH;

    // Of one-bit words a segment has two moves, which the lanes share; few lanes, and all other
    // words, multiply.
    localparam SIGNS = BIT_WIDTH == 1 && DRAWS < 2 && LANES > 2 * SEGMENTS;
    localparam INDEX_BITS = (SEGMENTS > 2) ? $clog2(SEGMENTS) : 1;
    localparam PLACE_BITS = SIGNS ? INDEX_BITS : SHIFT_BITS;

    wire rst = !aresetn;
    wire unused_prot = &{1'b0, s_axil_awprot, s_axil_arprot};

    // Registers

    wire        write;
    wire [7:0]  write_address;
    wire [31:0] write_data;
    wire [3:0]  write_strobe;
    wire        write_error;
    wire        read;
    wire [7:0]  read_address;
    wire [31:0] read_data;
    wire        read_error;
    wire        unused_read = &{1'b0, read};

    axil_port #(.ADDRESS_BITS(8)) u_port (
        .clk(aclk), .rst(rst),
        .s_axil_awaddr(s_axil_awaddr), .s_axil_awvalid(s_axil_awvalid),
        .s_axil_awready(s_axil_awready), .s_axil_wdata(s_axil_wdata), .s_axil_wstrb(s_axil_wstrb),
        .s_axil_wvalid(s_axil_wvalid), .s_axil_wready(s_axil_wready), .s_axil_bresp(s_axil_bresp),
        .s_axil_bvalid(s_axil_bvalid), .s_axil_bready(s_axil_bready),
        .s_axil_araddr(s_axil_araddr), .s_axil_arvalid(s_axil_arvalid),
        .s_axil_arready(s_axil_arready), .s_axil_rdata(s_axil_rdata), .s_axil_rresp(s_axil_rresp),
        .s_axil_rvalid(s_axil_rvalid), .s_axil_rready(s_axil_rready),
        .write(write), .write_address(write_address), .write_data(write_data),
        .write_strobe(write_strobe), .write_error(write_error),
        .read(read), .read_address(read_address), .read_data(read_data), .read_error(read_error));

    wire        busy;
    wire        skipping;
    wire [31:0] skip_left;
    wire        numbers;
    wire        selected;
    wire        loading;
    wire        unloaded;
    wire        selected_unloaded;
    wire [31:0] phase;
    wire        begin_pass;
    wire        skip;
    wire        reseed;
    wire        clear;
    wire        load;
    wire [SOURCES-1:0]             select;
    wire signed [15:0]             step;
    wire [4:0]                     step_shift;
    wire [SEGMENTS*SHIFT_BITS-1:0] shifts;
    wire [SEGMENTS*32-1:0]         ends;

    perturb_registers #(
        .LANES(LANES), .WEIGHT_BITS(WEIGHT_BITS), .VALUE_BITS(VALUE_BITS), .SHIFT_BITS(SHIFT_BITS),
        .SOURCES(SOURCES), .SEGMENTS(SEGMENTS), .DRAWS(DRAWS), .HAS_RESEED(HAS_RESEED),
        .STATE_BITS(STATE_BITS)
    ) u_registers (
        .clk(aclk), .rst(rst),
        .write(write), .write_address(write_address), .write_data(write_data),
        .write_strobe(write_strobe), .write_error(write_error), .read_address(read_address),
        .read_data(read_data), .read_error(read_error),
        .busy(busy), .skipping(skipping), .skip_left(skip_left), .numbers(numbers),
        .selected(selected), .loading(loading), .unloaded(unloaded),
        .selected_unloaded(selected_unloaded), .phase(phase),
        .begin_pass(begin_pass), .skip(skip), .reseed(reseed), .clear(clear), .load(load),
        .load_data(source_load_data), .select(select), .step(step), .step_shift(step_shift),
        .shifts(shifts), .ends(ends));

    // Passes

    wire       advance;
    wire       open;
    wire       load_segments;
    wire       drained;
    wire [1:0] mode;
    wire       taken = s_axis_tvalid && s_axis_tready;

    assign s_axis_tready = open && advance;

    perturb_control #(.SOURCES(SOURCES)) u_control (
        .clk(aclk), .rst(rst),
        .begin_pass(begin_pass), .begin_mode(write_data[1:0]), .begin_replay(write_data[2]),
        .skip(skip), .skip_count(write_data), .reseed(reseed), .clear(clear), .load(load),
        .select(select), .taken(taken), .taken_last(s_axis_tlast), .drained(drained),
        .mode(mode), .load_segments(load_segments), .open(open), .busy(busy),
        .skipping(skipping), .skip_left(skip_left), .numbers(numbers), .selected(selected),
        .loading(loading), .unloaded(unloaded), .selected_unloaded(selected_unloaded),
        .phase(phase),
        .source_rst(source_rst), .source_start(source_start), .source_replay(source_replay),
        .source_reseed(source_reseed), .source_load_valid(source_load_valid),
        .source_load_ready(source_load_ready), .source_valid(source_valid),
        .source_ready(source_ready));

    // The shift of every lane, or the number of its segment.
    wire [SEGMENTS*PLACE_BITS-1:0] places;
    wire [LANES*PLACE_BITS-1:0]    lane_shifts;

    perturb_segments #(.LANES(LANES), .SEGMENTS(SEGMENTS), .SHIFT_BITS(PLACE_BITS)) u_segments (
        .clk(aclk), .load(load_segments), .taken(taken), .ends(ends), .shifts(places),
        .lane_shifts(lane_shifts));

    // Lanes: one multiplication serves every mode.

    wire updating = mode == 2'd3;
    wire signed [15:0] factor = updating      ? step
                              : mode == 2'd2  ? 16'sd1
                              : mode == 2'd1  ? -16'sd1
                              :                 16'sd0;
    wire [4:0] factor_shift = updating ? step_shift : 5'd0;

    wire [LANES*SLOT_BITS-1:0] results;

    genvar segment;
    genvar lane;
    genvar n;
    generate
        if (SIGNS) begin : gen_moves
            localparam CHOICES = 2 << INDEX_BITS;
            localparam MOVE_BITS = WEIGHT_BITS + 1;
            wire [CHOICES*MOVE_BITS-1:0]  moves;
            wire [CHOICES*NOISE_BITS-1:0] parts;

            for (segment = 0; segment < CHOICES / 2; segment = segment + 1) begin : gen_segment
                if (segment < SEGMENTS) begin : gen_there
                    localparam [INDEX_BITS-1:0] NUMBER = segment;
                    assign places[segment*INDEX_BITS +: INDEX_BITS] = NUMBER;

                    perturb_moves #(
                        .WEIGHT_BITS(WEIGHT_BITS), .SHIFT_BITS(SHIFT_BITS), .DRAWS(DRAWS),
                        .NOISE_BITS(NOISE_BITS)
                    ) u_moves (
                        .clk(aclk), .factor(factor), .factor_shift(factor_shift),
                        .shift(shifts[segment*SHIFT_BITS +: SHIFT_BITS]),
                        .plus(moves[(2*segment)*MOVE_BITS +: MOVE_BITS]),
                        .minus(moves[(2*segment+1)*MOVE_BITS +: MOVE_BITS]),
                        .plus_part(parts[(2*segment)*NOISE_BITS +: NOISE_BITS]),
                        .minus_part(parts[(2*segment+1)*NOISE_BITS +: NOISE_BITS]));
                end else begin : gen_none
                    assign moves[(2*segment)*MOVE_BITS +: 2*MOVE_BITS] = {(2*MOVE_BITS){1'b0}};
                    assign parts[(2*segment)*NOISE_BITS +: 2*NOISE_BITS] = {(2*NOISE_BITS){1'b0}};
                end
            end
        end else begin : gen_shifts
            assign places = shifts;
        end

        for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
            wire [SLOT_BITS-1:0]   slot = s_axis_tdata[lane*SLOT_BITS +: SLOT_BITS];
            wire [WEIGHT_BITS-1:0] result;
            wire [NOISE_BITS-1:0]  probe_noise;
            wire [NOISE_BITS-1:0]  update_noise;

            if (SIGNS) begin : gen_sign
                wire unused = &{1'b0, probe_noise};

                perturb_sign_lane #(
                    .WEIGHT_BITS(WEIGHT_BITS), .INDEX_BITS(INDEX_BITS), .DRAWS(DRAWS),
                    .NOISE_BITS(NOISE_BITS)
                ) u_lane (
                    .clk(aclk), .advance(advance), .weight(slot[WEIGHT_BITS-1:0]),
                    .word(source_data[lane]),
                    .segment(lane_shifts[lane*PLACE_BITS +: PLACE_BITS]), .noise(update_noise),
                    .moves(gen_moves.moves), .parts(gen_moves.parts), .result(result));
            end else begin : gen_product
                perturb_lane #(
                    .BIT_WIDTH(BIT_WIDTH), .HALF(HALF), .WEIGHT_BITS(WEIGHT_BITS),
                    .SHIFT_BITS(SHIFT_BITS), .DRAWS(DRAWS), .NOISE_BITS(NOISE_BITS)
                ) u_lane (
                    .clk(aclk), .advance(advance), .weight(slot[WEIGHT_BITS-1:0]),
                    .word(source_data[lane*BIT_WIDTH +: BIT_WIDTH]),
                    .shift(lane_shifts[lane*PLACE_BITS +: PLACE_BITS]),
                    .probe_noise(probe_noise), .update_noise(update_noise),
                    .factor(factor), .factor_shift(factor_shift), .result(result));
            end

            assign results[lane*SLOT_BITS +: WEIGHT_BITS] = result;
            if (SLOT_BITS > WEIGHT_BITS) begin : gen_extend
                wire unused = &{1'b0, slot[SLOT_BITS-1:WEIGHT_BITS]};
                assign results[lane*SLOT_BITS+WEIGHT_BITS +: SLOT_BITS-WEIGHT_BITS] =
                    {(SLOT_BITS-WEIGHT_BITS){result[WEIGHT_BITS-1]}};
            end

            if (DRAWS == 0) begin : gen_nearest
                assign probe_noise = {NOISE_BITS{1'b0}};
                assign update_noise = {NOISE_BITS{1'b0}};
            end else begin : gen_random
                // Words of the streams behind the first, as unsigned numbers.
                localparam [BIT_WIDTH-1:0] SIGN = 1 << (BIT_WIDTH - 1);
                wire [DRAWS*NOISE_BITS-1:0] drawn;
                for (n = 0; n < DRAWS * NOISE_WORDS; n = n + 1) begin : gen_word
                    assign drawn[(DRAWS*NOISE_WORDS-1-n)*BIT_WIDTH +: BIT_WIDTH] =
                        source_data[((n+1)*LANES+lane)*BIT_WIDTH +: BIT_WIDTH] ^ SIGN;
                end

                // The first draw is highest.
                assign update_noise = drawn[NOISE_BITS-1:0];
                if (DRAWS == 3) begin : gen_independent
                    assign probe_noise = updating ? drawn[NOISE_BITS +: NOISE_BITS]
                                                  : drawn[2*NOISE_BITS +: NOISE_BITS];
                end else begin : gen_shared
                    assign probe_noise = drawn[(DRAWS-1)*NOISE_BITS +: NOISE_BITS];
                end
            end
        end
    endgenerate

    // What the lanes hold, and the way out

    reg [3:0] full_q;
    reg [3:0] last_q;

    always @(posedge aclk) begin
        if (rst)
            full_q <= 4'b0;
        else if (advance)
            full_q <= {full_q[2:0], taken};
        if (advance)
            last_q <= {last_q[2:0], s_axis_tlast};
    end

    axis_slice #(.BITS(LANES * SLOT_BITS + 1)) u_slice (
        .clk(aclk), .rst(rst), .in_valid(full_q[3]), .in_ready(advance),
        .in_data({last_q[3], results}), .out_valid(m_axis_tvalid), .out_ready(m_axis_tready),
        .out_data({m_axis_tlast, m_axis_tdata}));

    assign drained = full_q == 4'b0 && !m_axis_tvalid;

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (LANES < 1 || LANES > 256) begin : gen_bad_lanes
            perturb_engine_LANES_must_be_1_to_256 u_error ();
        end
        if (BIT_WIDTH < 1 || BIT_WIDTH > 24) begin : gen_bad_bit_width
            perturb_engine_BIT_WIDTH_must_be_1_to_24 u_error ();
        end
        if (HALF != 1 && (HALF != 0 || BIT_WIDTH == 1)) begin : gen_bad_half
            perturb_engine_HALF_must_be_0_or_1_and_1_if_BIT_WIDTH_is_1 u_error ();
        end
        if (STATE_BITS < 1) begin : gen_bad_state_bits
            perturb_engine_STATE_BITS_must_be_1_or_more u_error ();
        end
        if (WEIGHT_BITS < 4 || WEIGHT_BITS > 16) begin : gen_bad_weight_bits
            perturb_engine_WEIGHT_BITS_must_be_4_to_16 u_error ();
        end
        if (SEGMENTS < 1 || SEGMENTS > 16) begin : gen_bad_segments
            perturb_engine_SEGMENTS_must_be_1_to_16 u_error ();
        end
        if (DRAWS < 0 || DRAWS > 3) begin : gen_bad_draws
            perturb_engine_DRAWS_must_be_0_to_3 u_error ();
        end
        if (NOISE_WORDS < 1 || NOISE_WORDS > 8) begin : gen_bad_noise_words
            perturb_engine_NOISE_WORDS_must_be_1_to_8 u_error ();
        end
        if (HAS_RESEED != 0 && HAS_RESEED != 1) begin : gen_bad_has_reseed
            perturb_engine_HAS_RESEED_must_be_0_or_1 u_error ();
        end
        if (SOURCES != 1 + DRAWS * NOISE_WORDS) begin : gen_bad_sources
            perturb_engine_SOURCES_must_be_1_plus_DRAWS_times_NOISE_WORDS u_error ();
        end
        if (SLOT_BITS != 16 && (SLOT_BITS != 8 || WEIGHT_BITS > 8)) begin : gen_bad_slot_bits
            perturb_engine_SLOT_BITS_must_be_8_or_16_and_hold_WEIGHT_BITS u_error ();
        end
    endgenerate

endmodule

`resetall
