// SPDX-License-Identifier: Apache-2.0
//
// Properties of perturb_engine: beats of weights leave in order, none lost, none twice, each with
// its TLAST, and are held until taken; a pass in restore sends the weights as they came; nothing
// waits for a stream without its seeds.
//
// One lane, one stream, which does what it likes but that it asks for words after a reseed or a
// reset alone.

`resetall
`timescale 1ns/1ps
`default_nettype none

module perturb_engine_properties (
    input wire        aclk,
    input wire        aresetn,
    input wire [7:0]  awaddr,
    input wire        awvalid,
    input wire [31:0] wdata,
    input wire [3:0]  wstrb,
    input wire        wvalid,
    input wire        bready,
    input wire [7:0]  araddr,
    input wire        arvalid,
    input wire        rready,
    input wire [7:0]  s_tdata,
    input wire        s_tvalid,
    input wire        s_tlast,
    input wire        m_tready,
    input wire        source_load_ready,
    input wire        source_valid,
    input wire [1:0]  source_data
);

    localparam COUNT_BITS = 5;

    wire        awready;
    wire        wready;
    wire [1:0]  bresp;
    wire        bvalid;
    wire        arready;
    wire [31:0] rdata;
    wire [1:0]  rresp;
    wire        rvalid;
    wire        s_tready;
    wire [7:0]  m_tdata;
    wire        m_tvalid;
    wire        m_tlast;
    wire        source_rst;
    wire        source_start;
    wire        source_replay;
    wire        source_reseed;
    wire        source_load_valid;
    wire [3:0]  source_load_data;
    wire        source_ready;

    perturb_engine #(
        .LANES(1), .BIT_WIDTH(2), .HALF(1), .STATE_BITS(4), .WEIGHT_BITS(4), .SEGMENTS(1),
        .DRAWS(0), .NOISE_WORDS(1), .HAS_RESEED(1), .SOURCES(1), .SLOT_BITS(8)
    ) dut (
        .aclk(aclk), .aresetn(aresetn),
        .s_axil_awaddr(awaddr), .s_axil_awprot(3'b0), .s_axil_awvalid(awvalid),
        .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
        .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
        .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
        .s_axil_arprot(3'b0), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
        .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid),
        .s_axil_rready(rready), .s_axis_tdata(s_tdata), .s_axis_tvalid(s_tvalid),
        .s_axis_tready(s_tready), .s_axis_tlast(s_tlast), .m_axis_tdata(m_tdata),
        .m_axis_tvalid(m_tvalid), .m_axis_tready(m_tready), .m_axis_tlast(m_tlast),
        .source_rst(source_rst), .source_start(source_start), .source_replay(source_replay),
        .source_reseed(source_reseed), .source_load_valid(source_load_valid),
        .source_load_ready(source_load_ready), .source_load_data(source_load_data),
        .source_valid(source_valid), .source_ready(source_ready), .source_data(source_data));

    (* hierconn *) wire [3:0]  \dut.full_q ;
    (* hierconn *) wire [3:0]  \dut.last_q ;
    (* hierconn *) wire        \dut.u_slice.shown_full_q ;
    (* hierconn *) wire        \dut.u_slice.spare_full_q ;
    (* hierconn *) wire [8:0]  \dut.u_slice.shown_q ;
    (* hierconn *) wire [8:0]  \dut.u_slice.spare_q ;
    (* hierconn *) wire [1:0]  \dut.u_control.mode_q ;
    (* hierconn *) wire        \dut.u_port.aw_full_q ;
    (* hierconn *) wire        \dut.u_control.clear_q ;
    (* hierconn *) wire        \dut.u_control.pending_q ;
    (* hierconn *) wire        \dut.u_control.open_q ;
    (* hierconn *) wire        \dut.u_control.draining_q ;
    (* hierconn *) wire [31:0] \dut.u_control.left_q ;
    (* hierconn *) wire        \dut.select ;
    (* hierconn *) wire [3:0]  \dut.gen_lane[0].gen_product.u_lane.weight1_q ;
    (* hierconn *) wire [3:0]  \dut.gen_lane[0].gen_product.u_lane.weight2_q ;
    (* hierconn *) wire [3:0]  \dut.gen_lane[0].gen_product.u_lane.weight3_q ;
    (* hierconn *) wire [3:0]  \dut.gen_lane[0].gen_product.u_lane.weight4_q ;
    (* hierconn *) wire [19:0] \dut.gen_lane[0].gen_product.u_lane.product3_q ;
    (* hierconn *) wire [4:0]  \dut.gen_lane[0].gen_product.u_lane.move4_q ;

    wire rst = !aresetn;
    wire in = s_tvalid && s_tready;
    wire out = m_tvalid && m_tready;

    // Beats taken and delivered since reset; the beat of any one number is watched, and whether it
    // came in a pass of restore.
    (* anyconst *) wire [COUNT_BITS-1:0] watched;
    reg [COUNT_BITS-1:0] taken_q;
    reg [COUNT_BITS-1:0] delivered_q;
    reg [3:0] weight_q;
    reg       last_q;
    reg       restoring_q;
    wire [COUNT_BITS-1:0] inside = taken_q - delivered_q;
    wire [COUNT_BITS-1:0] ahead = watched - delivered_q;  // beats to leave before it
    wire                  there = ahead < inside;

    reg       past_q = 1'b0;
    reg       asked_q = 1'b1;  // the stream may wait for words
    reg       waiting_q = 1'b0;
    reg [8:0] shown_q;

    always @(posedge aclk) begin
        past_q <= 1'b1;
        asked_q <= source_load_ready || source_reseed || source_rst;
        taken_q <= rst ? 0 : taken_q + in;
        delivered_q <= rst ? 0 : delivered_q + out;
        if (in && taken_q == watched) begin
            weight_q <= s_tdata[3:0];
            last_q <= s_tlast;
            restoring_q <= \dut.u_control.mode_q == 2'd0;
        end
        waiting_q <= !rst && m_tvalid && !m_tready;
        shown_q <= {m_tlast, m_tdata};
    end

    // Beats from the way out back to each register, the register's own not counted.
    wire [2:0] in_slice = \dut.u_slice.shown_full_q + \dut.u_slice.spare_full_q ;
    wire [2:0] from_4 = in_slice;
    wire [2:0] from_3 = from_4 + \dut.full_q [3];
    wire [2:0] from_2 = from_3 + \dut.full_q [2];
    wire [2:0] from_1 = from_2 + \dut.full_q [1];
    wire at_4 = there && \dut.full_q [3] && ahead == from_4;
    wire at_3 = there && \dut.full_q [2] && ahead == from_3;
    wire at_2 = there && \dut.full_q [1] && ahead == from_2;
    wire at_1 = there && \dut.full_q [0] && ahead == from_1;
    wire [7:0] extended = {{4{weight_q[3]}}, weight_q};
    wire restore = \dut.u_control.mode_q == 2'd0;
    wire busy = \dut.u_control.pending_q || \dut.u_control.open_q || \dut.u_control.draining_q
             || \dut.u_control.left_q != 0;
    wire needs = (\dut.u_control.pending_q || \dut.u_control.open_q ) && !restore;
    wire skips = \dut.u_control.left_q != 0 && \dut.select ;

    always @* begin
        assume (past_q || rst);
        assume (asked_q || !source_load_ready);
        if (past_q) begin
            if (waiting_q && !rst)
                held: assert (m_tvalid && {m_tlast, m_tdata} == shown_q);
            if (m_tvalid && ahead == 0)
                in_order: assert (inside != 0 && m_tlast == last_q);
            if (m_tvalid && ahead == 0 && restoring_q)
                restored: assert (m_tdata == extended);
            none_lost: assert (inside == in_slice + \dut.full_q [3] + \dut.full_q [2]
                                         + \dut.full_q [1] + \dut.full_q [0]);
            served: assert (!(needs || skips) || !source_load_ready);
            none_lost_at_rest: assert (!(\dut.u_control.pending_q ) || inside == 0);

            invariant_clear: assert (!\dut.u_control.clear_q
                                     || !(busy || \dut.u_port.aw_full_q ));
            invariant_slice: assert (!\dut.u_slice.spare_full_q || \dut.u_slice.shown_full_q );
            invariant_inside: assert (inside <= 6);
            invariant_pass: assert (inside == 0
                || ((\dut.u_control.open_q || \dut.u_control.draining_q )
                    && \dut.u_control.left_q == 0));
            invariant_stage: assert (\dut.u_control.pending_q + \dut.u_control.open_q
                + \dut.u_control.draining_q + (\dut.u_control.left_q != 0) <= 1);
            if (there)
                invariant_mode: assert (restoring_q == restore);
            if (there && ahead == 0 && \dut.u_slice.shown_full_q )
                invariant_shown: assert (\dut.u_slice.shown_q [8] == last_q
                    && (!restoring_q || \dut.u_slice.shown_q [7:0] == extended));
            if (there && ahead == 1 && \dut.u_slice.spare_full_q )
                invariant_spare: assert (\dut.u_slice.spare_q [8] == last_q
                    && (!restoring_q || \dut.u_slice.spare_q [7:0] == extended));
            if (at_4)
                invariant_4: assert (\dut.last_q [3] == last_q && (!restoring_q
                    || (\dut.gen_lane[0].gen_product.u_lane.weight4_q == weight_q
                        && \dut.gen_lane[0].gen_product.u_lane.move4_q == 0)));
            if (at_3)
                invariant_3: assert (\dut.last_q [2] == last_q && (!restoring_q
                    || (\dut.gen_lane[0].gen_product.u_lane.weight3_q == weight_q
                        && \dut.gen_lane[0].gen_product.u_lane.product3_q == 0)));
            if (at_2)
                invariant_2: assert (\dut.last_q [1] == last_q && (!restoring_q
                    || \dut.gen_lane[0].gen_product.u_lane.weight2_q == weight_q));
            if (at_1)
                invariant_1: assert (\dut.last_q [0] == last_q && (!restoring_q
                    || \dut.gen_lane[0].gen_product.u_lane.weight1_q == weight_q));
        end
    end

endmodule

`resetall
