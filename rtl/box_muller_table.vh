// SPDX-License-Identifier: Apache-2.0
// Radius by stratum, and radius times cosine in two parts.
// Made by: python -m pezoexplore.streams.gaussian_tables
localparam [63:0] RADIUS_0 = 64'hb1c38783c78e3928;
localparam [63:0] RADIUS_1 = 64'h703f807fc07e071b;
localparam [63:0] RADIUS_2 = 64'h0fff80003ffe00f9;
localparam [63:0] RADIUS_3 = 64'h00007ffffffe0007;
localparam [63:0] RADIUS_4 = 64'h000000000001ffff;
localparam [63:0] HIGH_0 = 64'hb586bd6c59231f00;
localparam [63:0] HIGH_1 = 64'h53516d23381f0000;
localparam [63:0] HIGH_2 = 64'h30301d1f07000000;
localparam [63:0] HIGH_3 = 64'h0f0f020000000000;
localparam [63:0] LOW_0 = 64'hfff1efff000e1000;
localparam [63:0] LOW_1 = 64'hded1f0ff212e0f00;
localparam [63:0] LOW_2 = 64'h9fe1ffff601e0000;
localparam [63:0] LOW_3 = 64'he0feffff1f010000;
