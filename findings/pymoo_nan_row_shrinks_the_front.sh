#!/usr/bin/env bash
# pymoo: a row with one NaN takes other rows off the front, without a warning.
#
# Seen 2026-11-28, pymoo 0.6.2. Of four points three are not dominated. With a fifth row, (NaN, 2), as a run
# leaves it that diverged, NonDominatedSorting returns one of the three.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages pymoo==0.6.2 numpy==2.4.6

cat > front.py <<'P'
import numpy as np
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

rows = np.array([[1.0, 4.0], [2.0, 3.0], [3.0, 3.5], [4.0, 1.0]])
for given in (rows, np.vstack([rows, [np.nan, 2.0]])):
    print(*NonDominatedSorting().do(given, only_non_dominated_front=True))
P
python front.py > front.log
expect "the front" "0 1 3" "$(head -1 front.log)"
expect "the front with a NaN row" "3" "$(tail -1 front.log)"
