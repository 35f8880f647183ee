#!/usr/bin/env bash
# nevergrad SPSA: 2,000 evaluations on a sphere of ten dimensions leave the loss where it was.
#
# Seen 2026-11-28, nevergrad 1.0.12. From a loss of 10 SPSA, whose gain is fixed at 1e-5, ends above 9.9;
# OnePlusOne of the same library, from the same start, ends below 1e-9.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages nevergrad==1.0.12 numpy==2.4.6

cat > sphere.py <<'P'
import nevergrad as ng
import numpy as np

for name in ("SPSA", "OnePlusOne"):
    start = ng.p.Array(init=np.ones(10))
    start.random_state.seed(1)
    optimizer = ng.optimizers.registry[name](parametrization=start, budget=2000)
    loss = float((optimizer.minimize(lambda x: float((x**2).sum())).value ** 2).sum())
    print("above 9.9" if loss > 9.9 else "below 1e-9" if loss < 1e-9 else loss)
P
python sphere.py > sphere.log 2> /dev/null
expect "SPSA" "above 9.9" "$(head -1 sphere.log)"
expect "OnePlusOne" "below 1e-9" "$(tail -1 sphere.log)"
