// SPDX-License-Identifier: Apache-2.0
//
// The reset of a board without a button: high for CLOCKS clocks after the device has loaded its
// bitstream, and after each `again`.
//
// The counter is the one register of a board with an initial value: the bitstream loads it (iCE40
// and ECP5 begin with their registers as the bitstream says). The block memories of an iCE40 are
// not ready in the first microseconds; CLOCKS covers them.

`resetall
`timescale 1ns/1ps
`default_nettype none

module power_up #(
    parameter CLOCKS = 255  // 1 to 65535
) (
    input  wire clk,
    input  wire again,
    output wire rst
);

    localparam COUNT_BITS = $clog2(CLOCKS + 1);
    localparam [31:0] LAST = CLOCKS;

    reg [COUNT_BITS-1:0] count_q;

    initial count_q = {COUNT_BITS{1'b0}};

    assign rst = count_q != LAST[COUNT_BITS-1:0];

    always @(posedge clk) begin
        if (again)
            count_q <= {COUNT_BITS{1'b0}};
        else if (rst)
            count_q <= count_q + 1'b1;
    end

    // A parameter out of range stops every tool here: there is no module of the name that says so.
    generate
        if (CLOCKS < 1 || CLOCKS > 65535) begin : gen_bad_clocks
            power_up_CLOCKS_must_be_1_to_65535 u_error ();
        end
    endgenerate

endmodule

`resetall
