// SPDX-License-Identifier: Apache-2.0
// Start and width of the sections, bit by bit; entry i of a bit in its bit i.
// Made by: python -m pezoexplore.streams.rtl_tables
localparam [639:0] START = {
  64'hfffffff800000000,
  64'hfffc0007ffffc000,
  64'hff83fc07ff003f80,
  64'hfc73c3c7c0f83c70,
  64'hfb6b333638c7336c,
  64'hf6c62aad26b6aada,
  64'hff5e9107b5e4034c,
  64'h0248aef790298dea,
  64'h0b198b90cd7f7430,
  64'h01129735dac05f68
};
localparam [319:0] WIDTH = {
  64'h0fffccce0080e0ff,
  64'h02ab3331fe7f1f80,
  64'h087ea3b9c1641f7f,
  64'h0d961a7db9599e60,
  64'h03c87caf373c73dc
};
