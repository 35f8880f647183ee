// SPDX-License-Identifier: Apache-2.0
//
// AXI4-Lite manager of one access at a time.
//
// (AMBA AXI and ACE Protocol Specification, Arm IHI 0022, part B1.) `write` or `read` is high for
// one clock with address and data, which are kept; `done` answers for one clock, with `failed`
// where the response was not OKAY and, of a read, `read_data`. No access may begin before that.

`resetall
`timescale 1ns/1ps
`default_nettype none

module axil_master (
    input  wire        clk,
    input  wire        rst,
    input  wire        write,
    input  wire        read,
    input  wire [7:0]  address,
    input  wire [31:0] data,
    output wire        done,
    output wire        failed,
    output wire [31:0] read_data,
    output wire [7:0]  m_axil_awaddr,
    output wire        m_axil_awvalid,
    input  wire        m_axil_awready,
    output wire [31:0] m_axil_wdata,
    output wire        m_axil_wvalid,
    input  wire        m_axil_wready,
    input  wire [1:0]  m_axil_bresp,
    input  wire        m_axil_bvalid,
    output wire        m_axil_bready,
    output wire [7:0]  m_axil_araddr,
    output wire        m_axil_arvalid,
    input  wire        m_axil_arready,
    input  wire [31:0] m_axil_rdata,
    input  wire [1:0]  m_axil_rresp,
    input  wire        m_axil_rvalid,
    output wire        m_axil_rready
);

    reg        aw_q;
    reg        w_q;
    reg        ar_q;
    reg [7:0]  address_q;
    reg [31:0] data_q;

    assign m_axil_awaddr  = address_q;
    assign m_axil_awvalid = aw_q;
    assign m_axil_wdata   = data_q;
    assign m_axil_wvalid  = w_q;
    assign m_axil_bready  = 1'b1;
    assign m_axil_araddr  = address_q;
    assign m_axil_arvalid = ar_q;
    assign m_axil_rready  = 1'b1;

    assign done      = m_axil_bvalid || m_axil_rvalid;
    assign failed    = m_axil_bvalid ? m_axil_bresp != 2'b00 : m_axil_rresp != 2'b00;
    assign read_data = m_axil_rdata;

    always @(posedge clk) begin
        aw_q <= !rst && (write || (aw_q && !m_axil_awready));
        w_q  <= !rst && (write || (w_q && !m_axil_wready));
        ar_q <= !rst && (read || (ar_q && !m_axil_arready));
        if (write || read) begin
            address_q <= address;
            data_q    <= data;
        end
    end

endmodule

`resetall
