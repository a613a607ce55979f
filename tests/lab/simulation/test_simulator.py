"""The simulator holds what it promises, and the truth metrics know a perfect and a useless model."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.lab.simulation.simulator import PERIODS, Knobs, Simulation, simulate
from causalrec.lab.studies.known_truth import (
    effect_error,
    labelled_auc,
    normalised_mutual_information,
    relative_effect_error,
)
from causalrec.metrics.ranking import Score, rank_metrics

SMALL = Knobs(users=300, items=200, exposed=30, random_shown=20)


@pytest.fixture(scope="module")
def world() -> Simulation:
    return simulate(SMALL)


def test_shapes_and_splits(world: Simulation) -> None:
    data, truth = world.data, world.truth
    assert {name: rows.shape for name, rows in data.modalities.items()} == {
        "image": (200, 64),
        "text": (200, 64),
    }
    assert truth.accidental.shape == (data.train.shape[1],)
    assert 0.02 < truth.accidental.mean() < 0.25
    parts = [set(map(tuple, part.T.tolist())) for part in (data.train, data.valid, data.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert data.random_exposure is not None
    assert data.random_exposure.shape == (3, 300 * 20)
    trained = set(map(tuple, data.train.T.tolist()))
    for other in (world.test_random, world.test_do):
        assert other.test.shape[1] > 100
        assert not trained & set(map(tuple, other.test.T.tolist()))


def test_same_seed_same_world(world: Simulation) -> None:
    again = simulate(SMALL)
    assert again.data.train.tolist() == world.data.train.tolist()
    assert np.array_equal(again.data.modalities["image"], world.data.modalities["image"])
    assert simulate(Knobs(**{**vars(SMALL), "seed": 8})).data.train.tolist() != world.data.train.tolist()


def test_a_log_of_impressions_leaves_the_world_as_it_is(world: Simulation) -> None:
    logged = simulate(Knobs(**{**vars(SMALL), "logged": 1.0}))
    assert world.data.passed is None
    assert logged.data.train.tolist() == world.data.train.tolist()
    passed = logged.data.passed
    assert passed is not None
    clicks = sum(part.shape[1] for part in (logged.data.train, logged.data.valid, logged.data.test))
    everybody = np.arange(SMALL.users, dtype=np.int32)
    assert passed.shape[1] + clicks == pytest.approx(world.truth.exposed(everybody).sum(), rel=0.05)
    clicked = np.concatenate([logged.data.train, logged.data.valid, logged.data.test], axis=1)
    assert not set(map(tuple, passed.T.tolist())) & set(map(tuple, clicked.T.tolist()))


def test_demand_of_the_confounder_biases_the_log(world: Simulation) -> None:
    """What is clicked follows the demand of C far more with confounding than without."""

    def demand_of_clicks(simulation: Simulation) -> float:
        truth = simulation.truth
        clicks = np.bincount(simulation.data.train[1], minlength=200)
        return float(np.corrcoef(clicks, truth.demand[truth.confounder])[0, 1])

    unconfounded = simulate(Knobs(**{**vars(SMALL), "confounding": 0.0, "exposure_promotion": 0.0}))
    assert demand_of_clicks(world) > 0.4
    assert abs(demand_of_clicks(unconfounded)) < 0.25


def test_without_confounding_the_do_effect_is_the_factual_one() -> None:
    truth = simulate(Knobs(**{**vars(SMALL), "confounding": 0.0})).truth
    users = np.arange(10, dtype=np.int32)
    assert truth.do_effect(users) == pytest.approx(truth.factual(users), abs=1e-6)


def test_do_effect_is_the_mean_over_redrawn_confounders(world: Simulation) -> None:
    users = np.arange(5, dtype=np.int32)
    rng = np.random.default_rng(0)
    kinds = world.truth.share.size
    drawn = [
        world.truth.factual(users, rng.choice(kinds, 200, p=world.truth.share).astype(np.int32))
        for _ in range(800)
    ]
    assert np.mean(drawn, axis=0) == pytest.approx(world.truth.do_effect(users), abs=0.06)


def test_the_truth_ranks_better_than_clicks(world: Simulation) -> None:
    clicks = np.bincount(world.data.train[1], minlength=200).astype(np.float32)

    def raw(users: Ints) -> Floats:
        return np.tile(clicks, (users.size, 1))

    def ndcg(score: Score, data: Interactions) -> float:
        return rank_metrics(score, data, "test")["ndcg@20"]

    assert ndcg(world.truth.do_effect, world.test_do) > ndcg(raw, world.test_do) + 0.05
    assert ndcg(world.truth.do_effect, world.data) < ndcg(world.truth.recorded, world.data)


def test_effect_errors(world: Simulation) -> None:
    def affine(users: Ints) -> Floats:
        return np.asarray(3.0 * world.truth.do_effect(users) - 2.0, dtype=np.float32)

    def constant(users: Ints) -> Floats:
        return np.zeros((users.size, 200), dtype=np.float32)

    assert effect_error(affine, world) == pytest.approx(0.0, abs=1e-5)
    assert relative_effect_error(constant, world) == pytest.approx(1.0)
    assert 0.1 < relative_effect_error(world.truth.factual, world) < 1.0


def test_accident_auc(world: Simulation) -> None:
    accidental = world.truth.accidental
    assert labelled_auc(1.0 - accidental.astype(np.float64), accidental) == 1.0
    assert labelled_auc(np.zeros(accidental.size), accidental) == pytest.approx(0.5)


def test_normalised_mutual_information() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2], dtype=np.int32)
    assert normalised_mutual_information(labels[::-1].copy(), labels) == pytest.approx(1.0)
    assert normalised_mutual_information(np.array([0, 1, 0, 1, 0, 1], np.int32), labels) == pytest.approx(0.0)


def test_a_log_of_impressions_has_looks() -> None:
    data = simulate(replace(SMALL, logged=1.0)).data
    looks = data.looks
    assert looks is not None
    assert data.passed is not None
    clicked = np.concatenate([data.train, data.valid, data.test], axis=1)
    assert looks.count.sum() == clicked.shape[1] + data.passed.shape[1]
    assert looks.reached[0].sum() == clicked.shape[1]
    assert looks.position.tolist() == list(range(1, 11))
    assert simulate(SMALL).data.looks is None


def test_positions_are_examined_less_and_less() -> None:
    looks = simulate(replace(SMALL, logged=1.0, position_decay=1.0, accidents=0.0)).data.looks
    assert looks is not None
    share = np.bincount(looks.strata, looks.reached[0]) / np.bincount(looks.strata)
    assert share[0] > 2 * share[3] > 3 * share[9]


def test_what_time_hides_is_not_in_the_truth() -> None:
    users = np.arange(300, dtype=np.int32)
    now = np.full((300, 200), PERIODS - 1, np.int32)
    plain = simulate(SMALL)
    changes: tuple[dict[str, Any], ...] = ({"campaigns": 2.0}, {"demand_drift": 1.0})
    for knobs in changes:
        world = simulate(replace(SMALL, **knobs))
        truth = world.truth
        np.testing.assert_array_equal(truth.factual(users), plain.truth.factual(users))
        np.testing.assert_array_equal(truth.liked_in(users, now), truth.factual(users))
        before = [truth.liked_in(users, np.full_like(now, period)) for period in range(PERIODS - 1)]
        assert not all(np.allclose(chance, truth.factual(users)) for chance in before)
        assert world.data.train.shape != plain.data.train.shape
    curved = simulate(replace(SMALL, demand_curve=0.5)).truth
    assert not np.allclose(curved.factual(users), plain.truth.factual(users))
