"""Calibration: known chances are recovered, reliability by hand, no reading of the numbering."""

import numpy as np
import pytest

from causalrec.dataset.arrays import Interactions
from causalrec.metrics.calibration import Platt, calibration, fit_platt, reliability
from causalrec.metrics.evaluate import evaluate_all

IDENTITY = Platt(1.0, 0.0, 0.0, 1.0)


def clicks(users: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, users * each)
    outcomes = rng.random(scores.size) < 1 / (1 + np.exp(-(0.7 * scores - 1.5)))
    return np.repeat(np.arange(users, dtype=np.int32), each), scores, outcomes


def test_platt_recovers_the_chances() -> None:
    _, scores, outcomes = clicks(400, 50)
    platt = fit_platt(scores, outcomes)
    assert platt.slope / platt.spread == pytest.approx(0.7, abs=0.05)
    expected = 1 / (1 + np.exp(-(0.7 * np.array([-3.0, 0.0, 3.0]) - 1.5)))
    assert platt.chance(np.array([-3.0, 0.0, 3.0])) == pytest.approx(expected, abs=0.03)


def test_separable_and_constant_scores_stay_finite() -> None:
    separated = fit_platt(np.array([0.0, 1.0, 2.0, 3.0]), np.array([False, False, True, True]))
    assert np.isfinite([separated.slope, separated.intercept]).all()
    assert (np.diff(separated.chance(np.arange(4.0))) > 0).all()
    flat = fit_platt(np.zeros(4), np.array([True, False, False, False]))
    assert flat.chance(np.zeros(1))[0] == pytest.approx(np.mean([2 / 3, 0.2, 0.2, 0.2]), abs=1e-3)


def test_reliability_by_hand() -> None:
    chances = np.array([0.1, 0.2, 0.6, 0.8])
    found = reliability(IDENTITY, chances, np.array([False, True, True, True]), bins=2)
    assert found.predicted == pytest.approx([0.15, 0.7])
    assert found.observed == pytest.approx([0.5, 1.0])
    assert found.counts.tolist() == [2, 2]
    assert found.ece == pytest.approx((0.35 + 0.3) / 2)
    assert found.brier == pytest.approx((0.01 + 0.64 + 0.16 + 0.04) / 4)
    tied = reliability(IDENTITY, np.full(4, 0.3), np.array([True, False, False, False]), bins=2)
    assert tied.counts.tolist() == [4]  # one chance, one bin


def test_good_scores_are_calibrated_and_a_wrong_link_is_not() -> None:
    users, scores, outcomes = clicks(500, 60)
    good = calibration(users, scores, outcomes)
    assert good is not None
    assert good.ece < 0.02
    stepped = calibration(users, np.where(scores > 2, 100.0, scores), outcomes)
    assert stepped is not None
    assert stepped.ece > 2 * good.ece
    assert good.brier < stepped.brier


def test_numbering_order_and_scale_change_nothing() -> None:
    users, scores, outcomes = clicks(60, 20)
    rng = np.random.default_rng(3)
    order, names = rng.permutation(users.size), rng.permutation(60).astype(np.int32)
    first = calibration(users, scores, outcomes)
    other = calibration(names[users[order]], 5 * scores[order] - 3, outcomes[order])
    assert first is not None
    assert other is not None
    assert other.ece == pytest.approx(first.ece)
    assert other.predicted == pytest.approx(first.predicted)


def test_one_outcome_only_has_no_answer() -> None:
    users, scores, _ = clicks(10, 4)
    assert calibration(users, scores, np.zeros(40, dtype=np.bool_)) is None
    assert calibration(users[:0], scores[:0], np.zeros(0, dtype=np.bool_)) is None


def test_evaluation_reports_it() -> None:
    rng = np.random.default_rng(0)
    part = rng.integers(0, 4, size=(80, 30))
    train, valid, test = (np.stack(np.nonzero(part == value)).astype(np.int32) for value in (0, 1, 2))
    scores = rng.normal(size=(80, 30)).astype(np.float32)
    shown = rng.permutation(80 * 30)[:800]
    liked = rng.random(800) < 1 / (1 + np.exp(-scores.ravel()[shown]))
    exposure = np.stack([shown // 30, shown % 30, liked]).astype(np.float32)
    data = Interactions(80, 30, train, valid, test, random_exposure=exposure)
    found = evaluate_all(lambda ids: scores[ids], data, "test", ks=(5,))
    names = {row.metric for row in found.rows}
    assert {"ece", "brier", "random_ece", "random_brier"} <= names
    assert found.curve is not None
    assert found.curve.platt.slope > 0
    assert found.value("random_ece") == found.curve.ece
    assert found.value("random_auc") == pytest.approx(found.per_user("random_auc").mean())
    row = next(row for row in found.rows if row.metric == "random_ndcg")
    assert row.low is not None
    assert row.high is not None
    assert row.low < row.value < row.high
    valid_rows = {row.metric for row in evaluate_all(lambda ids: scores[ids], data, "valid", ks=(5,)).rows}
    assert "ece" in valid_rows
    assert not any(name.startswith("random") for name in valid_rows)
