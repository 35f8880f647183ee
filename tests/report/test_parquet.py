"""Parquet of a design with columns that only some designs have."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pezoexplore.design.columns import ENGINE_HELP, columns_of
from pezoexplore.report.parquet import write_parquet


def test_the_columns_are_those_of_the_csv(tmp_path: Path) -> None:
    """Also the task, its weights and the engine's; a skipped row lacks them."""
    columns = columns_of(["digits-mlp", "digits-cnn"], engine=True)
    filled = {"task": "digits-cnn", "parameters": "2410", "engine_lut": "52", "status": "ok"}
    rows = [dict.fromkeys(columns, "") | filled, {"status": "skipped:why"}]
    write_parquet(rows, tmp_path / "results.parquet", columns)
    frame = pd.read_parquet(tmp_path / "results.parquet")
    assert tuple(frame.columns) == columns
    assert ENGINE_HELP.keys() <= set(frame.columns)
    assert frame.loc[0, ["task", "parameters", "engine_lut"]].tolist() == ["digits-cnn", 2410, 52]
    assert frame.loc[1, ["task", "parameters", "engine_lut"]].isna().all()
