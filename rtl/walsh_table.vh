// SPDX-License-Identifier: Apache-2.0
// Bits of the count whose parity a lane's sign also is.
// Made by: python -m pezoexplore.streams.rtl_tables
function [31:0] walsh_mask;
  input [4:0] lane;
  case (lane)
    0: walsh_mask = 32'h00000a61;
    1: walsh_mask = 32'h0000089c;
    2: walsh_mask = 32'h000009a2;
    3: walsh_mask = 32'h00001720;
    4: walsh_mask = 32'h00001262;
    5: walsh_mask = 32'h00000f08;
    6: walsh_mask = 32'h00000913;
    7: walsh_mask = 32'h0000048d;
    8: walsh_mask = 32'h00000a4a;
    9: walsh_mask = 32'h0000040f;
    10: walsh_mask = 32'h0000108d;
    11: walsh_mask = 32'h0000019c;
    12: walsh_mask = 32'h00001413;
    13: walsh_mask = 32'h0000009d;
    14: walsh_mask = 32'h0000070a;
    15: walsh_mask = 32'h00001a0c;
    16: walsh_mask = 32'h00000263;
    17: walsh_mask = 32'h0000118c;
    18: walsh_mask = 32'h00001192;
    19: walsh_mask = 32'h00000272;
    20: walsh_mask = 32'h0000106a;
    21: walsh_mask = 32'h0000082d;
    22: walsh_mask = 32'h00001125;
    23: walsh_mask = 32'h00000874;
    24: walsh_mask = 32'h00000f80;
    25: walsh_mask = 32'h00000d05;
    26: walsh_mask = 32'h00001541;
    27: walsh_mask = 32'h00001832;
    28: walsh_mask = 32'h0000041e;
    29: walsh_mask = 32'h000004b4;
    30: walsh_mask = 32'h00000ad0;
    31: walsh_mask = 32'h00000a98;
  endcase
endfunction
