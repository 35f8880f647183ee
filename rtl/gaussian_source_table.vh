// SPDX-License-Identifier: Apache-2.0
// Next state of the source: each bit the XOR of three or four bits.
// Made by: python -m pezoexplore.streams.gaussian_tables
function [32:0] gaussian_next;
  input [32:0] s;
  gaussian_next =
    {s[29], s[18], s[8], s[23], s[2], s[11], s[3], s[14], s[22], s[4], s[15],
     s[13], s[19], s[27], s[12], s[20], s[0], s[26], s[17], s[25], s[9], s[21],
     s[32], s[5], s[6], s[10], s[24], s[16], s[1], s[31], s[30], s[7], s[28]} ^
    {s[31], s[19], s[21], s[0], s[16], s[30], s[25], s[9], s[1], s[7], s[3],
     s[11], s[22], s[17], s[24], s[18], s[12], s[13], s[6], s[27], s[2], s[28],
     s[20], s[14], s[29], s[8], s[5], s[10], s[32], s[23], s[15], s[26], s[4]} ^
    {s[26], s[13], s[15], s[27], s[18], s[31], s[11], s[16], s[29], s[6], s[28],
     s[20], s[10], s[4], s[32], s[12], s[5], s[23], s[22], s[30], s[3], s[0],
     s[19], s[2], s[14], s[24], s[9], s[21], s[7], s[8], s[17], s[25], s[1]} ^
    {s[17], s[15], s[7], s[32], s[29], s[1], s[5], s[4], s[13], s[11], s[26],
     s[8], s[30], s[3], s[16], s[31], 1'b0, s[21], s[24], s[28], s[6], s[9],
     s[14], s[22], s[10], s[25], s[27], s[20], s[18], s[19], s[12], s[2], s[23]};
endfunction
