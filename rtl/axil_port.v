// SPDX-License-Identifier: Apache-2.0
//
// AXI4-Lite subordinate: converts its five channels to single reads and writes of registers.
//
// (AMBA AXI and ACE Protocol Specification, Arm IHI 0022, part B1.) Address and data of a write may
// come in either order; both are held until the other is there, then `write` is high for one clock.
// `read` is high for one clock with each read address. write_error, read_data and read_error answer
// in the same clock; an error becomes SLVERR. A write or read begins when the response before it
// is taken, so that one is in progress at a time, each way. No output depends on an
// input in its clock but the ready outputs, which are low during `rst`.

`resetall
`timescale 1ns/1ps
`default_nettype none

module axil_port #(
    parameter ADDRESS_BITS = 8  // 3 to 32
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire [ADDRESS_BITS-1:0] s_axil_awaddr,
    input  wire                    s_axil_awvalid,
    output wire                    s_axil_awready,
    input  wire [31:0]             s_axil_wdata,
    input  wire [3:0]              s_axil_wstrb,
    input  wire                    s_axil_wvalid,
    output wire                    s_axil_wready,
    output wire [1:0]              s_axil_bresp,
    output wire                    s_axil_bvalid,
    input  wire                    s_axil_bready,
    input  wire [ADDRESS_BITS-1:0] s_axil_araddr,
    input  wire                    s_axil_arvalid,
    output wire                    s_axil_arready,
    output wire [31:0]             s_axil_rdata,
    output wire [1:0]              s_axil_rresp,
    output wire                    s_axil_rvalid,
    input  wire                    s_axil_rready,
    output wire                    write,
    output wire [ADDRESS_BITS-1:0] write_address,
    output wire [31:0]             write_data,
    output wire [3:0]              write_strobe,
    input  wire                    write_error,
    output wire                    read,
    output wire [ADDRESS_BITS-1:0] read_address,
    input  wire [31:0]             read_data,
    input  wire                    read_error
);

    reg                    aw_full_q;
    reg                    w_full_q;
    reg                    b_full_q;
    reg                    b_error_q;
    reg [ADDRESS_BITS-1:0] aw_q;
    reg [35:0]             w_q;

    assign s_axil_awready = !aw_full_q && !rst;
    assign s_axil_wready  = !w_full_q && !rst;
    assign s_axil_bvalid  = b_full_q;
    assign s_axil_bresp   = {b_error_q, 1'b0};
    assign write          = aw_full_q && w_full_q && !b_full_q;
    assign write_address  = aw_q;
    assign {write_strobe, write_data} = w_q;

    always @(posedge clk) begin
        aw_full_q <= !rst && (aw_full_q ? !write : s_axil_awvalid);
        w_full_q  <= !rst && (w_full_q ? !write : s_axil_wvalid);
        b_full_q  <= !rst && (b_full_q ? !s_axil_bready : write);
        if (!aw_full_q)
            aw_q <= s_axil_awaddr;
        if (!w_full_q)
            w_q <= {s_axil_wstrb, s_axil_wdata};
        if (write)
            b_error_q <= write_error;
    end

    reg                    ar_full_q;
    reg                    r_full_q;
    reg                    r_error_q;
    reg [ADDRESS_BITS-1:0] ar_q;
    reg [31:0]             r_q;

    assign s_axil_arready = !ar_full_q && !rst;
    assign s_axil_rvalid  = r_full_q;
    assign s_axil_rresp   = {r_error_q, 1'b0};
    assign s_axil_rdata   = r_q;
    assign read           = ar_full_q && !r_full_q;
    assign read_address   = ar_q;

    always @(posedge clk) begin
        ar_full_q <= !rst && (ar_full_q ? !read : s_axil_arvalid);
        r_full_q  <= !rst && (r_full_q ? !s_axil_rready : read);
        if (!ar_full_q)
            ar_q <= s_axil_araddr;
        if (read) begin
            r_error_q <= read_error;
            r_q <= read_data;
        end
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (ADDRESS_BITS < 3 || ADDRESS_BITS > 32) begin : gen_bad_address_bits
            axil_port_ADDRESS_BITS_must_be_3_to_32 u_error ();
        end
    endgenerate

endmodule

`resetall
