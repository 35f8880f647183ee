// SPDX-License-Identifier: Apache-2.0
// Ones of six bits; sum bits before carry.
// Made by: python -m pezoexplore.streams.gaussian_tables
localparam [63:0] ONES_0 = 64'h6996966996696996;
localparam [63:0] ONES_1 = 64'h8117177e177e7ee8;
localparam [63:0] ONES_2 = 64'hfee8e880e8808000;
localparam [63:0] SPREAD_0 = 64'hc92836d736d7c928;
localparam [63:0] SPREAD_1 = 64'hf1cd0e320e32f1cd;
localparam [63:0] SPREAD_2 = 64'hfe0e01f101f1fe0e;
localparam [63:0] SPREAD_3 = 64'hfff0000f000ffff0;
localparam [63:0] COARSE_0 = 64'h6996966996696996;
localparam [63:0] COARSE_1 = 64'he8818117177e7ee8;
localparam [63:0] COARSE_2 = 64'h177f7fffe8808000;
localparam [63:0] TOP_0 = 64'he997699616689669;
localparam [63:0] TOP_1 = 64'h177f177ee880e881;
localparam [63:0] TOP_2 = 64'hfffffffe00000001;
localparam [63:0] TOP_3 = 64'h00000001fffffffe;
