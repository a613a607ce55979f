"""Weeks whose truth is known: the right arm wins, and two equal arms are told apart as rarely as promised."""

import datetime as dt

import numpy as np
import pytest

from causalrec.config.experiment import ExperimentSettings
from causalrec.experiment.credit import PAIRED, sides
from causalrec.experiment.intervals import fixed_half_width
from causalrec.experiment.lines import Arm
from causalrec.experiment.moments import METRICS, Moments, difference
from causalrec.ranking.draft import draft
from causalrec.ranking.interleaved import coins
from tests.experiment.week import (
    assigned,
    best,
    credits,
    deciding,
    moments_by_night,
    responses,
    shop,
    told_by_night,
    verdicts,
)

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


@pytest.mark.parametrize("horizon", ["fixed", "sequential"])
def test_interleaved_lists_tell_tastes_apart_in_the_demo_shop(horizon: str) -> None:
    """The ranking that knows tastes wins, whichever side it is on; two equal rankings do not differ."""
    truth, rng, users = shop(1_500, 80), np.random.default_rng(4), 150
    chosen = settings(
        horizon=horizon, effect=0.3, design="interleave", arms={"new": {}}, metric="click_through"
    )
    everyone = np.arange(1_500, dtype=np.int32)
    popular = np.broadcast_to(np.argsort(-truth.factual(everyone).mean(axis=0))[:5], (users, 5))
    taste = best(truth.factual, users)
    for rankings, word in (
        ((popular, taste), "better"), ((taste, popular), "worse"), ((taste, taste), "no difference"),
    ):  # fmt: skip
        nights = told_by_night(credits(truth, rankings, NIGHTS, rng), chosen)
        assert deciding(nights[-1]) == {"new": word}
        early = [deciding(night)["new"] for night in nights[:-1]]
        assert early == ["running"] * 6 or (horizon == "sequential" and word != "no difference")


@pytest.mark.slow
def test_two_equal_rankings_differ_as_rarely_as_promised() -> None:
    """Users differ a lot, and like what stands first more than what stands last."""
    rng = np.random.default_rng(12)
    users, wrong = 300, {"fixed": 0, "sequential": 0}
    names = np.array([f"u{n}" for n in range(users)], dtype=object)
    ranking = np.broadcast_to(np.arange(5), (users, 5))
    for week in range(REPETITIONS):
        comes, likes = (
            rng.beta(2, 2, users)[:, None],
            rng.beta(2, 6, users)[:, None] * [1.5, 1, 0.8, 0.6, 0.4],
        )
        total, nights = np.zeros((users, len(PAIRED) - 1)), []
        for night in range(NIGHTS):
            chose = draft((ranking, ranking), coins(names, f"{week}/{night}", 5), np.full(users, 5)).sides
            looks = np.broadcast_to(rng.random((users, 1)) < comes, chose.shape)
            clicks = looks & (rng.random(chose.shape) < likes)
            for first, side in ((0, 1), (5, 0)):
                for column, did in enumerate((looks, clicks)):
                    total[:, first + column] += (did & (chose == side)).sum(axis=1)
                total[:, first + 4] = total[:, first + 1] > 0
            nights.append({"arms": equal_arms(total), "paired": Moments.of(total, PAIRED)})
        for horizon in wrong:
            chosen = settings(
                horizon=horizon, design="interleave", arms={"new": {}}, metric="click_through",
                confidence=CONFIDENCE,
            )  # fmt: skip
            told = told_by_night(nights if horizon == "sequential" else nights[-1:], chosen)
            wrong[horizon] += deciding(told[-1])["new"] != "no difference"
    error = 3 * np.sqrt((1 - CONFIDENCE) * CONFIDENCE / REPETITIONS)
    assert wrong["fixed"] / REPETITIONS == pytest.approx(1 - CONFIDENCE, abs=error)
    assert wrong["sequential"] / REPETITIONS <= 1 - CONFIDENCE + error


def equal_arms(total: np.ndarray) -> dict[str, Arm]:
    both = zip(("control", "new"), sides(Moments.of(total, PAIRED)), strict=True)
    return {name: Arm(0.5, ("1",), side, 100) for name, side in both}


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
