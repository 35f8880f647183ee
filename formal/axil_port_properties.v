// SPDX-License-Identifier: Apache-2.0
//
// Properties of axil_port: the rules of AXI4-Lite for a subordinate (Arm IHI 0022), each write and
// read handed on once, in order and as it came, and each answered once.

`resetall
`timescale 1ns/1ps
`default_nettype none

module axil_port_properties #(
    parameter ADDRESS_BITS = 8  // 3 to 32
) (
    input wire                    clk,
    input wire                    rst,
    input wire [ADDRESS_BITS-1:0] awaddr,
    input wire                    awvalid,
    input wire [31:0]             wdata,
    input wire [3:0]              wstrb,
    input wire                    wvalid,
    input wire                    bready,
    input wire [ADDRESS_BITS-1:0] araddr,
    input wire                    arvalid,
    input wire                    rready,
    input wire                    write_error,
    input wire [31:0]             read_data,
    input wire                    read_error
);

    localparam COUNT_BITS = 6;

    wire                    awready;
    wire                    wready;
    wire [1:0]              bresp;
    wire                    bvalid;
    wire                    arready;
    wire [31:0]             rdata;
    wire [1:0]              rresp;
    wire                    rvalid;
    wire                    write;
    wire [ADDRESS_BITS-1:0] write_address;
    wire [31:0]             write_data;
    wire [3:0]              write_strobe;
    wire                    read;
    wire [ADDRESS_BITS-1:0] read_address;

    axil_port #(.ADDRESS_BITS(ADDRESS_BITS)) dut (
        .clk(clk), .rst(rst),
        .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid), .s_axil_awready(awready),
        .s_axil_wdata(wdata), .s_axil_wstrb(wstrb), .s_axil_wvalid(wvalid),
        .s_axil_wready(wready), .s_axil_bresp(bresp), .s_axil_bvalid(bvalid),
        .s_axil_bready(bready), .s_axil_araddr(araddr), .s_axil_arvalid(arvalid),
        .s_axil_arready(arready), .s_axil_rdata(rdata), .s_axil_rresp(rresp),
        .s_axil_rvalid(rvalid), .s_axil_rready(rready),
        .write(write), .write_address(write_address), .write_data(write_data),
        .write_strobe(write_strobe), .write_error(write_error),
        .read(read), .read_address(read_address), .read_data(read_data),
        .read_error(read_error));

    (* hierconn *) wire \dut.aw_full_q ;
    (* hierconn *) wire \dut.w_full_q ;
    (* hierconn *) wire \dut.ar_full_q ;

    wire aw = awvalid && awready;
    wire w  = wvalid && wready;
    wire b  = bvalid && bready;
    wire ar = arvalid && arready;
    wire r  = rvalid && rready;

    // Handshakes since reset; the transfer of any one number is watched.
    (* anyconst *) wire [COUNT_BITS-1:0] watched;
    reg [COUNT_BITS-1:0] aw_q, w_q, write_q, b_q, ar_q, read_q, r_q;
    wire [COUNT_BITS-1:0] aw_inside = aw_q - write_q;
    wire [COUNT_BITS-1:0] w_inside = w_q - write_q;
    wire [COUNT_BITS-1:0] ar_inside = ar_q - read_q;
    wire [COUNT_BITS-1:0] b_due = write_q - b_q;
    wire [COUNT_BITS-1:0] r_due = read_q - r_q;
    reg [ADDRESS_BITS-1:0] aw_watched_q, ar_watched_q;
    reg [35:0] w_watched_q;
    reg        write_error_q;
    reg [32:0] read_q_answer;

    reg past_q = 1'b0;
    reg b_waiting_q = 1'b0;
    reg r_waiting_q = 1'b0;
    reg [1:0]  bresp_q;
    reg [33:0] r_shown_q;

    always @(posedge clk) begin
        past_q  <= 1'b1;
        aw_q    <= rst ? 0 : aw_q + aw;
        w_q     <= rst ? 0 : w_q + w;
        write_q <= rst ? 0 : write_q + write;
        b_q     <= rst ? 0 : b_q + b;
        ar_q    <= rst ? 0 : ar_q + ar;
        read_q  <= rst ? 0 : read_q + read;
        r_q     <= rst ? 0 : r_q + r;
        if (aw && aw_q == watched)
            aw_watched_q <= awaddr;
        if (w && w_q == watched)
            w_watched_q <= {wstrb, wdata};
        if (ar && ar_q == watched)
            ar_watched_q <= araddr;
        if (write)
            write_error_q <= write_error;
        if (read)
            read_q_answer <= {read_error, read_data};
        b_waiting_q <= !rst && bvalid && !bready;
        r_waiting_q <= !rst && rvalid && !rready;
        bresp_q <= bresp;
        r_shown_q <= {rresp, rdata};
    end

    always @* begin
        assume (past_q || rst);
        if (past_q) begin
            if (b_waiting_q)
                held_b: assert (bvalid && bresp == bresp_q);
            if (r_waiting_q)
                held_r: assert (rvalid && {rresp, rdata} == r_shown_q);

            answered_b: assert (bvalid == (b_due != 0) && b_due <= 1);
            answered_r: assert (rvalid == (r_due != 0) && r_due <= 1);
            if (bvalid)
                response_b: assert (bresp == {write_error_q, 1'b0});
            if (rvalid)
                response_r: assert (rresp == {read_q_answer[32], 1'b0}
                                    && rdata == read_q_answer[31:0]);

            once_aw: assert (aw_inside <= 1 && (!write || aw_inside == 1));
            once_w: assert (w_inside <= 1 && (!write || w_inside == 1));
            once_ar: assert (ar_inside <= 1 && (!read || ar_inside == 1));
            if (write && write_q == watched)
                passed_write: assert (write_address == aw_watched_q
                                      && {write_strobe, write_data} == w_watched_q);
            if (read && read_q == watched)
                passed_read: assert (read_address == ar_watched_q);

            begins_write: assert (write == (aw_inside == 1 && w_inside == 1 && b_due == 0));
            begins_read: assert (read == (ar_inside == 1 && r_due == 0));
            if (!rst)
                begins_ready: assert (awready == (aw_inside == 0) && wready == (w_inside == 0)
                                      && arready == (ar_inside == 0));

            if (rst)
                reset_ready: assert (!awready && !wready && !arready);

            invariant_aw: assert (\dut.aw_full_q == (aw_inside == 1));
            invariant_w: assert (\dut.w_full_q == (w_inside == 1));
            invariant_ar: assert (\dut.ar_full_q == (ar_inside == 1));
            if (aw_inside == 1 && write_q == watched)
                invariant_aw_data: assert (write_address == aw_watched_q);
            if (w_inside == 1 && write_q == watched)
                invariant_w_data: assert ({write_strobe, write_data} == w_watched_q);
            if (ar_inside == 1 && read_q == watched)
                invariant_ar_data: assert (read_address == ar_watched_q);
        end
    end

endmodule

`resetall
