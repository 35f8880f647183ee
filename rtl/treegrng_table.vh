// SPDX-License-Identifier: Apache-2.0
// Biased decisions of the tree.
// Made by: python -m pezoexplore.streams.gaussian_tables
localparam [63:0] LEVEL6 = 64'h0000000000000015;
localparam [63:0] LEVEL5 = 64'h01000100003f0700;
localparam [63:0] LEVEL4 = 64'h0007000f03ff0007;
localparam [63:0] SLOPE_A = 64'h071f07017f1f0701;
localparam [63:0] SLOPE_B = 64'h3133111101130000;
localparam [63:0] LOW_3 = 64'hc880ffff377f0000;
localparam [63:0] LOW_2 = 64'hf000ffff0fff0000;
localparam [63:0] LOW_1 = 64'h0c00fffff3ff0000;
localparam [63:0] LOW_0 = 64'h0200fffffdff0000;
