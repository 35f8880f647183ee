"""Training on a GPU is a choice; without one nothing changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pezoexplore.design.loading import read_design
from pezoexplore.design.point import resolve
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.provenance import machine
from pezoexplore.sweeps.stages import build_stages
from pezoexplore.train import device
from pezoexplore.train.device import VARIABLE, Device, choose, chosen, enter, gpus, planned_gpu
from pezoexplore.train.tasks.registry import get_task


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (VARIABLE, "JAX_PLATFORMS", "XLA_FLAGS"):
        monkeypatch.setenv(name, "")  # so that it is undone
        monkeypatch.delenv(name)


def finds(monkeypatch: pytest.MonkeyPatch, **names: str) -> None:
    """Let each library find a GPU of this name, or none."""
    monkeypatch.setattr(device, "gpu_name", lambda library: names.get(library, ""))


def test_the_default_is_the_cpu_and_asks_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "gpu_name", lambda library: pytest.fail("asked"))
    assert chosen() is Device.cpu and planned_gpu("JAX") == "" and gpus() == {}
    choose(Device.cpu)
    enter(planned_gpu("PyTorch"))
    assert "JAX_PLATFORMS" not in os.environ and "device" not in machine()


def test_auto_takes_a_gpu_where_the_library_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, PyTorch="H100")
    choose(Device.auto)
    assert (planned_gpu("PyTorch"), planned_gpu("JAX")) == ("H100", "")
    assert machine()["device"] == "auto" and machine()["gpu of PyTorch"] == "H100"
    enter(planned_gpu("JAX"))
    assert chosen() is Device.cpu and "JAX_PLATFORMS" not in os.environ


def test_a_gpu_is_entered_before_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, JAX="H100")
    choose(Device.gpu)
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    enter(planned_gpu("JAX"))
    assert os.environ["JAX_PLATFORMS"] == "cuda" and "deterministic" in os.environ["XLA_FLAGS"]


def test_no_gpu_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch)
    with pytest.raises(DesignError, match="--device gpu: neither JAX nor PyTorch finds a GPU"):
        choose(Device.gpu)
    finds(monkeypatch, JAX="H100")
    choose(Device.gpu)
    with pytest.raises(DesignError, match="--device gpu: PyTorch, which trains this task, finds"):
        planned_gpu("PyTorch")
    monkeypatch.setenv(VARIABLE, "tpu")
    with pytest.raises(DesignError, match="'tpu' is not one of auto, cpu, gpu"):
        chosen()


def test_only_a_gpu_is_in_the_identity_of_a_result(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = []
    design = tmp_path / "design.yaml"
    design.write_text("name: d\nspace: {rng: lfsr}\ntrain: {steps: 10, seeds: 2}\n")
    finds(monkeypatch, JAX="H100")
    for name in ("cpu", "auto", "gpu"):
        choose(Device(name))
        space = read_design(design, []).space
        stages = build_stages(space, ["train"], rtl_dir=tmp_path, work_dir=tmp_path, tools={})
        (train,) = [stage for stage in stages if stage.name == "train"]
        keys.append(train.key(resolve()))
    assert "gpu" not in keys[0] and keys[1] == keys[2] == keys[0] | {"gpu": "H100"}


def test_a_command_without_a_gpu_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pezoexplore", "sweep", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [*command, "--device", "gpu"],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and done.stdout == "" and not (tmp_path / "run").exists()
    assert done.stderr.startswith("error: --device gpu: neither") and done.stderr.count("\n") == 1


def test_a_task_is_loaded_for_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    task = get_task("wine")
    assert device.entered(lambda: task) is task and chosen() is Device.cpu
    assert json.dumps(gpus()) == "{}"
