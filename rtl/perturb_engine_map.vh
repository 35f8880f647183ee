// SPDX-License-Identifier: Apache-2.0
// Register map of the perturbation engine.
// Made by: python -m pezoexplore.hardware.rtl.engine_map
localparam [31:0] ID_VALUE = 32'h50455a4f;
localparam [31:0] VERSION_VALUE = 32'h00010001;
localparam [7:0] ID = 8'h00;
localparam [7:0] VERSION = 8'h04;
localparam [7:0] SHAPE = 8'h08;
localparam [7:0] STATUS = 8'h0c;
localparam [7:0] CONTROL = 8'h10;
localparam [7:0] STEP = 8'h14;
localparam [7:0] STEP_SHIFT = 8'h18;
localparam [7:0] PHASE = 8'h1c;
localparam [7:0] SELECT = 8'h20;
localparam [7:0] SKIP = 8'h24;
localparam [7:0] RESEED = 8'h28;
localparam [7:0] SEED = 8'h2c;
localparam [7:0] SEED_HIGH = 8'h30;
localparam [7:0] SCALE = 8'h40;
localparam [7:0] END = 8'h44;
