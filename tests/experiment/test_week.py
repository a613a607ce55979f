"""Weeks whose truth is known: the right arm wins, and two equal arms are told apart as rarely as promised."""

import datetime as dt

import numpy as np
import pytest

from causalrec.config.experiment import ExperimentSettings
from causalrec.experiment.intervals import fixed_half_width
from causalrec.experiment.moments import METRICS, difference
from tests.experiment.week import assigned, best, deciding, moments_by_night, responses, shop, verdicts

NIGHTS, REPETITIONS, USERS, CONFIDENCE = 7, 300, 600, 0.9


def settings(**more: object) -> ExperimentSettings:
    base = {"name": "week", "start": dt.date(2026, 3, 1), "end": dt.date(2026, 3, 7)}
    return ExperimentSettings.model_validate({**base, "arms": {"new": {"share": 0.5}}, **more})


@pytest.mark.parametrize("horizon", ["fixed", "sequential"])
def test_in_the_demo_shop_the_arm_that_knows_tastes_wins(horizon: str) -> None:
    """The control shows everybody what is chosen most; the shop's own truth answers."""
    truth, rng, chosen = shop(1_500, 80), np.random.default_rng(3), settings(horizon=horizon, effect=0.3)
    everyone = np.arange(1_500, dtype=np.int32)
    popular = np.broadcast_to(np.argsort(-truth.factual(everyone).mean(axis=0))[:5], (1_500, 5))
    arms = assigned(1_500, chosen)
    before = responses(truth, popular, 14, rng).sum(axis=0)
    for lists, word in ((best(truth.factual, 1_500), "better"), (popular, "no difference")):
        mine = np.where((arms == "new")[:, None], lists, popular)
        nights = verdicts(moments_by_night(arms, responses(truth, mine, NIGHTS, rng), before), chosen)
        assert deciding(nights[-1]) == {"new": word}
        early = [deciding(night)["new"] for night in nights[:-1]]
        assert early == ["running"] * 6 or (horizon == "sequential" and word == "better")
    swapped = np.where((arms == "new")[:, None], popular, best(truth.factual, 1_500))
    last = verdicts(moments_by_night(arms, responses(truth, swapped, NIGHTS, rng), before), chosen)[-1]
    assert deciding(last) == {"new": "worse"}


@pytest.mark.slow
def test_two_equal_arms_differ_as_rarely_as_promised() -> None:
    """Users differ a lot and stay as they are; nightly looks at a fixed interval go wrong far too often."""
    rng = np.random.default_rng(11)
    wrong = {(metric, way): 0 for metric in METRICS for way in ("fixed", "sequential", "peeking")}
    kept: list[float] = []
    for _ in range(REPETITIONS):
        arms = np.where(rng.random(USERS) < 0.5, "new", "control").astype(object)
        rate, prone = rng.gamma(2.0, 1.5, USERS), rng.beta(2, 6, USERS)
        before = drawn(rate, prone, 14, rng).sum(axis=0)
        nights = list(moments_by_night(arms, drawn(rate, prone, NIGHTS, rng), before))
        for metric, ratio in METRICS.items():
            last = verdicts(nights[-1:], settings(metric=metric, confidence=CONFIDENCE))[-1]
            wrong[metric, "fixed"] += deciding(last)["new"] != "no difference"
            every = verdicts(nights, settings(metric=metric, confidence=CONFIDENCE, horizon="sequential"))
            wrong[metric, "sequential"] += deciding(every[-1])["new"] != "no difference"
            found = [one for night in nights if (one := difference(night["new"], night["control"], ratio))]
            wrong[metric, "peeking"] += any(
                abs(one.value) > fixed_half_width(one.variance, CONFIDENCE) for one in found
            )
            kept.append(found[-1].kept)
    promised = 1 - CONFIDENCE
    error = 3 * np.sqrt(promised * CONFIDENCE / REPETITIONS)
    for metric in METRICS:
        assert wrong[metric, "fixed"] / REPETITIONS == pytest.approx(promised, abs=error)
        assert wrong[metric, "sequential"] / REPETITIONS <= promised + error
        assert wrong[metric, "peeking"] / REPETITIONS > promised + error / 3
    assert np.mean(kept) < 0.95


def drawn(rate: np.ndarray, prone: np.ndarray, nights: int, rng: np.random.Generator) -> np.ndarray:
    looks = rng.poisson(rate, (nights, rate.size))
    clicks = rng.binomial(looks, prone)
    bought = rng.binomial(clicks, 0.05)
    return np.stack([looks, clicks, bought, bought * rng.gamma(2, 5, bought.shape)], axis=2).astype(float)
