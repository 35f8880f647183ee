"""The columns of results.csv: their order is a contract with users."""

from __future__ import annotations

from pezoexplore.design.columns import (
    COLUMN_HELP,
    COLUMNS,
    NUMERIC_COLUMNS,
    OPTIONAL_HELP,
    RESULT_COLUMNS,
    TEXT_COLUMNS,
    columns_of,
)
from pezoexplore.design.training_axes import OPTIONAL_DEFAULTS

ORDER = (
    "point_id target status "
    "rng reuse pool_size reuse_period bit_width state_bits lanes leap taps scaling "
    "estimator queries weight_bits activation_bits rounding update_rounding "
    "accuracy_mean accuracy_ci95 accuracy_per_seed learning_rate forward_passes effective_span "
    "effective_dim stream_mean stream_std stream_kurtosis stream_lag1 lane_correlation "
    "distinct_output_bits rtl_status rtl_words_checked reseed_stall_beats lut muxf ff carry "
    "bram dsp fmax_mhz power_mw_est energy_to_target_uj_est yosys_version rtl_sha256 "
    "epsilon tuning_forward_passes macs random_numbers rng_state_bits steps_to_target "
    "accuracy_before test_loss_mean area_um2 gate_equivalents fmax_mhz_low "
    "fmax_mhz_high nextpnr_version opensta_version front_confidence "
    "power_mw_zero_delay leakage_mw_est energy_per_number_pj_est lut_kept lut_free "
    "effective_dim_ci95 span_share generator_energy_to_target_uj_est liberty_sha256 vendor_version "
    "random_bits_per_step "
    "pareto "
)


def test_order():
    assert " ".join(COLUMNS) == ORDER.strip()


def test_every_column_is_explained():
    optional = tuple(OPTIONAL_DEFAULTS)
    assert set(COLUMN_HELP) == set(
        columns_of(["one", "certified-digits"], engine=True, axes=optional)
    )
    assert columns_of(["one"]) == COLUMNS
    assert all(COLUMN_HELP.values())


def test_a_column_is_text_or_numeric():
    assert set(NUMERIC_COLUMNS) | TEXT_COLUMNS == {
        *(*COLUMNS, *OPTIONAL_HELP, *OPTIONAL_DEFAULTS, "task")
    }
    assert not set(NUMERIC_COLUMNS) & TEXT_COLUMNS
    assert set(RESULT_COLUMNS) < set(NUMERIC_COLUMNS)
    assert "lanes" not in RESULT_COLUMNS
    assert {"lut", "accuracy_mean", "bram"} <= set(RESULT_COLUMNS)
