#!/usr/bin/env bash
# PyTorch randn on the CPU: draws depend on how they are split into calls, rand and randint do not.
#
# Seen 2026-11-28, torch 2.13.0 (CPU). Normal numbers of 16 and more are made in blocks of 16 by
# Box-Muller, fewer one by one: 40 drawn at once are other numbers than 20 + 20 of the same generator,
# while 12 and 5 + 7, or 48 and 16 + 32, are the same. The layout of the result counts as well: filled
# column by column, a matrix gets other numbers. A direction that is drawn layer by layer is another one
# than the same direction drawn whole. Where PyPI's wheel with CUDA is too large, set
# TORCH='torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu'.
source "$(dirname "$(readlink -f "$0")")/common.sh"
# shellcheck disable=SC2086
packages numpy==2.4.6 ${TORCH:-torch==2.13.0}

cat > split.py <<'P'
import torch


def drawn(draw, *counts):
    generator = torch.Generator().manual_seed(0)
    return torch.cat([draw(count, generator) for count in counts])


DRAWS = {
    "randn": lambda count, generator: torch.randn(count, generator=generator),
    "rand": lambda count, generator: torch.rand(count, generator=generator),
    "randint": lambda count, generator: torch.randint(0, 2, (count,), generator=generator),
}
for name, draw in DRAWS.items():
    parts = ((5, 7), (16, 32), (20, 20))
    same = [torch.equal(drawn(draw, sum(part)), drawn(draw, *part)) for part in parts]
    print(name, *("same" if equal else "other" for equal in same))
rows = torch.empty(8, 4).normal_(generator=torch.Generator().manual_seed(0))
columns = torch.empty(4, 8).t().normal_(generator=torch.Generator().manual_seed(0))
print("layout", "same" if torch.equal(rows, columns) else "other")
P
expect "12 and 5 + 7, 48 and 16 + 32, 40 and 20 + 20; by rows and by columns" \
    "randn same same other, rand same same same, randint same same same, layout other" \
    "$(python split.py | paste -sd, | sed 's/,/, /g')"
