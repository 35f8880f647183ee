"""One-bit directions: z = +1 or -1, the top bit of a 32-bit lfsr a lane.

The word is one bit read as two's complement, so w is 0 or -1 and z = 2 w + 1.
"""

from __future__ import annotations

STATE_BITS = 32
