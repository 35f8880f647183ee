// SPDX-License-Identifier: Apache-2.0
// The tables, and sum bits before carry, a truth table a bit, lowest bit lowest.
// Made by: python -m pezoexplore.streams.rtl_tables
localparam [447:0] A = {
  64'hffffffff00000000,
  64'h7fffffff80000000,
  64'h801fffff7fe00000,
  64'h07e0fffff81f0000,
  64'h98e700ff6718ff00,
  64'hab6b3f075494c0f8,
  64'h39254f7bc6dab084
};
localparam [447:0] PLUS_B = {
  64'h0001fffffffe0000,
  64'h80017fff7ffe8000,
  64'h780183ff87fe7c00,
  64'h47819c3fb87e63c0,
  64'h24612dcfdb9ed230,
  64'hf651f67709ae0988,
  64'hffd9ffd900260026
};
localparam [447:0] MINUS_B = {
  64'hffff00010000fffe,
  64'h7fff800180007ffe,
  64'h83ff78017c0087fe,
  64'h9c3f478163c0b87e,
  64'h2dcf2461d230db9e,
  64'hf677f651098809ae,
  64'hffd9ffd900260026
};
localparam [447:0] C = {
  64'hffffffff00000000,
  64'h3fffffffc0000000,
  64'hc07fffff3f800000,
  64'h4780ffffb87f0000,
  64'hd8830fff277cf000,
  64'he905707f16fa8f80,
  64'hdb8eb38724714c78
};
localparam [447:0] PLUS_D = {
  64'h0000ffffffff0000,
  64'h80007fff7fff8000,
  64'h780087ff87ff7800,
  64'h47c0b83fb83f47c0,
  64'h3638c9c7c9c73638,
  64'hed2612d912d9ed26,
  64'he2a71d581d58e2a7
};
localparam [447:0] MINUS_D = {
  64'hffff00000000ffff,
  64'h7fff800080007fff,
  64'h87ff7800780087ff,
  64'hb83f47c047c0b83f,
  64'hc9c736383638c9c7,
  64'h12d9ed26ed2612d9,
  64'h1d58e2a7e2a71d58
};
