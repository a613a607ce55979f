"""Exposure and demand from clicks: exact small cases, and what shrinking must do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalrec.dataset.arrays import Interactions
from causalrec.model.causal.exposure import (
    code_demand,
    debiased_validation,
    item_appeal,
    log_exposure,
    response_logit,
    shrunken_means,
)


def test_log_exposure_is_centred() -> None:
    found = log_exposure(np.array([0, 1, 7], dtype=np.float32))
    logs = np.log([0.5, 1.5, 7.5])
    assert found == pytest.approx(logs - logs.mean(), abs=1e-6)
    assert found.dtype == np.float32


def test_odds_of_a_response_are_drawn_towards_those_of_all() -> None:
    clicks, passed = np.array([30, 0, 10], np.float32), np.array([10, 0, 30], np.float32)
    logs = np.log([35 / 15, 1.0, 15 / 35])  # half of what is shown is clicked; ten more looks, five clicks
    assert response_logit(clicks, passed) == pytest.approx(logs - logs.mean(), abs=1e-6)


def test_impressions_tell_appeal_from_promotion() -> None:
    clicks = np.array([40, 40], np.float32)  # the second is shown three times as often
    passed = np.array([[0] * 120, [0] * 20 + [1] * 100], np.int32)
    assert item_appeal(clicks, None).tolist() == [0.0, 0.0]
    first, second = item_appeal(clicks, passed)
    assert first > 0 > second
    assert item_appeal(clicks, passed[:, :0]).tolist() == [0.0, 0.0]


def test_shrunken_means_by_hand() -> None:
    values, group = np.array([0.0, 2.0, 10.0, 12.0]), np.array([5, 5, 9, 9])
    gap = np.array([1.0, 11.0])  # group means about zero
    spread = 4.0 / 2  # squared distances from the group means over 4 values - 2 groups
    between = (2 * gap @ gap - spread * 2) / 4
    weight = 2 / (2 + spread / between)
    assert shrunken_means(values, group, np.zeros(4)) == pytest.approx(weight * gap[[0, 0, 1, 1]])


def test_groups_that_differ_by_chance_alone_are_pooled() -> None:
    values = np.tile([-1.0, 1.0], 50)
    assert shrunken_means(values, np.arange(100) // 2, np.full(100, 0.25)).tolist() == [0.25] * 100


@given(st.integers(0, 2**32 - 1))
def test_shrinking_beats_plain_means_where_groups_are_small(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(200), 3)
    true = rng.standard_normal(200)[group]
    values = true + 2 * rng.standard_normal(600)
    plain = (np.bincount(group, values) / 3)[group]
    shrunk = shrunken_means(values, group, np.zeros(600))
    assert ((shrunk - true) ** 2).mean() < ((plain - true) ** 2).mean()


@given(st.integers(0, 2**32 - 1))
def test_demand_does_not_depend_on_numbering(seed: int) -> None:
    rng = np.random.default_rng(seed)
    exposure = rng.standard_normal(60).astype(np.float32)
    coarse, fine = (rng.integers(low, high, 60).astype(np.int32) for low, high in ((-1, 4), (0, 3)))
    order = rng.permutation(60)
    found = code_demand(exposure, (coarse, fine))
    again = code_demand(exposure[order], (coarse[order], fine[order]))
    assert again == pytest.approx(found[order], abs=1e-6)
    assert (found[coarse < 0] == 0).all()


def test_without_codes_there_is_no_demand() -> None:
    none = np.full(5, -1, dtype=np.int32)
    assert code_demand(np.arange(5, dtype=np.float32), (none, none)).tolist() == [0.0] * 5


def test_thinned_validation_is_shown_evenly() -> None:
    exposure = np.log(np.array([1.0, 4.0, 16.0], dtype=np.float32))
    items = np.repeat([0, 1, 2], [1000, 4000, 16000]).astype(np.int32)
    pairs = np.stack([np.arange(items.size, dtype=np.int32), items])
    data = Interactions(items.size, 3, pairs, pairs, pairs[:, :0])
    kept = np.bincount(debiased_validation(data, exposure, 0).valid[1])
    # the least exposed fifth reaches into item 1, so item 1 is whole and item 2 is thinned to its level
    assert kept[:2].tolist() == [1000, 4000]
    assert kept[2] == pytest.approx(4000, rel=0.06)
    assert debiased_validation(data, np.zeros(3, np.float32), 0).valid.shape == pairs.shape
