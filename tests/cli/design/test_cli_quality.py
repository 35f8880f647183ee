"""quality: a table, or one document."""

from __future__ import annotations

POINT = ("--rng", "clt", "--lanes", 2)


def test_a_document(call):
    document = call("quality", *POINT, "--format", "json").document
    assert document["facts"]["rng_state_bits"] == 2 * 33
    tests = {each["test"]: each for each in document["tests"]}
    assert tests["distribution"]["verdict"] == "fail by design"
    assert tests["serial, values"]["p_value"] > 1e-6


def test_a_table_by_default(call):
    out = call("quality", *POINT).out
    assert "fresh_bits_per_clock" in out
    assert "approximates the normal distribution" in out


def test_the_software_gaussian_has_no_bits(call):
    assert "rng gaussian is software" in call("quality", "--rng", "gaussian").error
