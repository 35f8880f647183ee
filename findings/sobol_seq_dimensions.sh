#!/usr/bin/env bash
# sobol-seq: the same Sobol points as SciPy in two dimensions only.
#
# Seen 2026-11-28, sobol-seq 0.2.0 and scipy 1.17.1. Of the first 1,023 points (the origin left
# out) dimensions 1 and 2 are equal; from the third on the two packages use other direction
# numbers, so each is a Sobol sequence and neither is a reference for the other. SciPy's are those of
# Joe and Kuo (new-joe-kuo-6.21201).
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages sobol-seq==0.2.0 scipy==1.17.1 numpy==2.4.6

cat > compare.py <<'P'
import numpy as np
import sobol_seq
from scipy.stats import qmc

one = sobol_seq.i4_sobol_generate(8, 1023)
other = qmc.Sobol(8, scramble=False).random(1024)[1:]
print([d + 1 for d in range(8) if np.allclose(one[:, d], other[:, d], atol=2**-20)])
P
expect "equal dimensions of 8" "[1, 2]" "$(python compare.py)"
