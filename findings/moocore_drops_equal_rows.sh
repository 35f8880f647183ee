#!/usr/bin/env bash
# moocore: of rows that are equal, is_nondominated keeps the first alone, so that their order decides.
#
# Seen 2026-11-29, moocore 0.3.2. Two designs of the same accuracy and cost are both on a front by the usual
# definition (neither is better in anything). is_nondominated and filter_dominated say False of the second,
# pareto_rank gives both rank 0; keep_weakly=True keeps both, and then also rows that are worse in one objective
# are still left out.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages moocore==0.3.2 numpy==2.4.6

cat > front.py <<'P'
import moocore
import numpy as np

rows = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
print(*moocore.is_nondominated(rows))
print(*moocore.is_nondominated(rows, keep_weakly=True))
print(*moocore.pareto_rank(rows))
P
python front.py > front.log
expect "is_nondominated" "True True False False" "$(sed -n 1p front.log)"
expect "with keep_weakly" "True True True False" "$(sed -n 2p front.log)"
expect "pareto_rank" "0 0 0 1" "$(sed -n 3p front.log)"
