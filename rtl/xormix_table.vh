// SPDX-License-Identifier: Apache-2.0
// Constants of xormix32, revision 1: the map of X, the shuffle, and the salts.
// Made by: python -m pezoexplore.streams.rtl_tables
function [31:0] xormix_next;
  input [31:0] x;
  xormix_next = {
    x[12] ^ x[2] ^ x[16] ^ x[1] ^ x[17] ^ x[23],
    x[22] ^ x[27] ^ x[3] ^ x[13] ^ x[23],
    x[13] ^ x[10] ^ x[9] ^ x[8] ^ x[0] ^ x[14],
    x[25] ^ x[20] ^ x[19] ^ x[12] ^ x[28],
    x[30] ^ x[9] ^ x[10] ^ x[28] ^ x[18] ^ x[15],
    x[23] ^ x[22] ^ x[15] ^ x[28] ^ x[6],
    x[4] ^ x[8] ^ x[6] ^ x[19] ^ x[16] ^ x[9],
    x[31] ^ x[23] ^ x[6] ^ x[24] ^ x[17],
    x[29] ^ x[10] ^ x[31] ^ x[30] ^ x[13] ^ x[3],
    x[9] ^ x[29] ^ x[15] ^ x[27] ^ x[16],
    x[21] ^ x[20] ^ x[10] ^ x[6] ^ x[31] ^ x[1],
    x[2] ^ x[27] ^ x[15] ^ x[12] ^ x[20],
    x[30] ^ x[9] ^ x[18] ^ x[2] ^ x[11] ^ x[6],
    x[15] ^ x[17] ^ x[4] ^ x[9] ^ x[6],
    x[8] ^ x[24] ^ x[0] ^ x[23] ^ x[31] ^ x[26],
    x[16] ^ x[5] ^ x[29] ^ x[2] ^ x[14],
    x[22] ^ x[12] ^ x[11] ^ x[7] ^ x[28] ^ x[1],
    x[1] ^ x[5] ^ x[3] ^ x[30] ^ x[25],
    x[19] ^ x[6] ^ x[27] ^ x[12] ^ x[11] ^ x[7],
    x[28] ^ x[29] ^ x[24] ^ x[19] ^ x[4],
    x[19] ^ x[20] ^ x[4] ^ x[18] ^ x[15] ^ x[10],
    x[23] ^ x[29] ^ x[19] ^ x[21] ^ x[10],
    x[29] ^ x[0] ^ x[21] ^ x[26] ^ x[3] ^ x[13],
    x[0] ^ x[17] ^ x[1] ^ x[18] ^ x[8],
    x[5] ^ x[26] ^ x[31] ^ x[22] ^ x[27] ^ x[7],
    x[14] ^ x[29] ^ x[24] ^ x[11] ^ x[25],
    x[21] ^ x[10] ^ x[16] ^ x[13] ^ x[5] ^ x[17],
    x[30] ^ x[26] ^ x[25] ^ x[14] ^ x[24],
    x[8] ^ x[22] ^ x[26] ^ x[7] ^ x[21] ^ x[14],
    x[8] ^ x[5] ^ x[18] ^ x[24] ^ x[4],
    x[25] ^ x[7] ^ x[20] ^ x[2] ^ x[26] ^ x[28],
    x[11] ^ x[24] ^ x[22] ^ x[3] ^ x[19]};
endfunction
function [31:0] xormix_shuffled;
  input [31:0] x;
  xormix_shuffled = {
    x[3], x[1], x[7], x[12], x[23], x[28], x[27], x[18],
    x[25], x[24], x[21], x[31], x[30], x[22], x[4], x[20],
    x[17], x[8], x[6], x[2], x[11], x[19], x[10], x[13],
    x[14], x[26], x[9], x[16], x[0], x[5], x[29], x[15]};
endfunction
function [31:0] xormix_salt;
  input [4:0] stream;
  case (stream)
    0: xormix_salt = 32'h198f8d32;
    1: xormix_salt = 32'h46d9b8ac;
    2: xormix_salt = 32'h57f90206;
    3: xormix_salt = 32'hcb246290;
    4: xormix_salt = 32'h5fda94c2;
    5: xormix_salt = 32'hb9969e83;
    6: xormix_salt = 32'h990053fe;
    7: xormix_salt = 32'h0cef1f8b;
    8: xormix_salt = 32'h9baafefa;
    9: xormix_salt = 32'h232b8463;
    10: xormix_salt = 32'h0fc77197;
    11: xormix_salt = 32'hd113a2d8;
    12: xormix_salt = 32'hd6c99ef7;
    13: xormix_salt = 32'hf3fb7189;
    14: xormix_salt = 32'h9ceeb1dd;
    15: xormix_salt = 32'h352df180;
    16: xormix_salt = 32'hfeed780c;
    17: xormix_salt = 32'hee211518;
    18: xormix_salt = 32'h3afaca18;
    19: xormix_salt = 32'h95f13c50;
    20: xormix_salt = 32'hd8449f2a;
    21: xormix_salt = 32'h59752549;
    22: xormix_salt = 32'h854f0980;
    23: xormix_salt = 32'h234a07b4;
    24: xormix_salt = 32'h51c0c69b;
    25: xormix_salt = 32'ha71d489e;
    26: xormix_salt = 32'h618cbc79;
    27: xormix_salt = 32'hab0e51e1;
    28: xormix_salt = 32'h965c4507;
    29: xormix_salt = 32'he90488a4;
    30: xormix_salt = 32'h73674eb7;
    31: xormix_salt = 32'h00af1456;
  endcase
endfunction
