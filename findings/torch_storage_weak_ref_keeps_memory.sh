#!/usr/bin/env bash
# PyTorch: an expired StorageWeakRef keeps the memory of its tensor.
#
# Seen 2026-11-29, torch 2.13.0 (CPU). torch.multiprocessing.reductions.StorageWeakRef, which PyTorch's
# own caches use, says that it has expired once the last tensor is gone, but the memory is given back only
# when the reference itself is dropped: 50 tensors of 4 MB, made and dropped one after the other, hold 200
# MB as long as their expired references are kept. Without references, or with their numbers alone, they hold
# one. Where PyPI's wheel with CUDA is too large, set
# TORCH='torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu'.
source "$(dirname "$(readlink -f "$0")")/common.sh"
# shellcheck disable=SC2086
packages numpy==2.4.6 ${TORCH:-torch==2.13.0}

cat > weak.py <<'P'
import torch
from torch.multiprocessing.reductions import StorageWeakRef


def resident():
    with open("/proc/self/status") as status:
        return int(status.read().split("VmRSS:")[1].split()[0]) / 1024


def held(listed):
    before, kept = resident(), []
    for _ in range(50):
        tensor = torch.ones(1_000_000)
        kept.append(listed(tensor.untyped_storage()))
        del tensor
    expired = all(ref.expired() for ref in kept if isinstance(ref, StorageWeakRef))
    assert expired
    return "all" if resident() - before > 100 else "few"


held(lambda storage: None)  # whatever PyTorch sets up at first use
print(held(lambda storage: storage._cdata), held(StorageWeakRef))
P
expect "of 50 tensors, one at a time, held by their numbers and by expired references" \
    "few all" "$(python weak.py)"
