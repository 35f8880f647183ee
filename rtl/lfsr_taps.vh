// SPDX-License-Identifier: Apache-2.0
// Maximal-length Galois taps by state width; exponent e of the polynomial is bit e - 1.
// Made by: python -m pezoexplore.streams.rtl_tables
localparam [31:0] LFSR_TAPS =
  (STATE_BITS == 3) ? 32'h00000006 :
  (STATE_BITS == 4) ? 32'h0000000c :
  (STATE_BITS == 5) ? 32'h00000014 :
  (STATE_BITS == 6) ? 32'h00000030 :
  (STATE_BITS == 7) ? 32'h00000060 :
  (STATE_BITS == 8) ? 32'h000000b8 :
  (STATE_BITS == 9) ? 32'h00000110 :
  (STATE_BITS == 10) ? 32'h00000240 :
  (STATE_BITS == 11) ? 32'h00000500 :
  (STATE_BITS == 12) ? 32'h00000e08 :
  (STATE_BITS == 13) ? 32'h00001c80 :
  (STATE_BITS == 14) ? 32'h00003802 :
  (STATE_BITS == 15) ? 32'h00006000 :
  (STATE_BITS == 16) ? 32'h0000d008 :
  (STATE_BITS == 17) ? 32'h00012000 :
  (STATE_BITS == 18) ? 32'h00020400 :
  (STATE_BITS == 19) ? 32'h00072000 :
  (STATE_BITS == 20) ? 32'h00090000 :
  (STATE_BITS == 21) ? 32'h00140000 :
  (STATE_BITS == 22) ? 32'h00300000 :
  (STATE_BITS == 23) ? 32'h00420000 :
  (STATE_BITS == 24) ? 32'h00e10000 :
  (STATE_BITS == 25) ? 32'h01200000 :
  (STATE_BITS == 26) ? 32'h02000023 :
  (STATE_BITS == 27) ? 32'h04000013 :
  (STATE_BITS == 28) ? 32'h09000000 :
  (STATE_BITS == 29) ? 32'h14000000 :
  (STATE_BITS == 30) ? 32'h20000029 :
  (STATE_BITS == 31) ? 32'h48000000 :
  (STATE_BITS == 32) ? 32'h80200003 :
  32'h00000000;
