"""Chances of the simulated shop agree with what it draws."""

import numpy as np
import pytest

from causalrec.lab.simulation.simulator import Knobs, Simulation, simulate
from causalrec.lab.studies.findings import edge_curve, is_accident
from causalrec.lab.studies.known_truth import labelled_auc
from causalrec.lab.studies.readout import measure_oracle, measure_score

SMALL = Knobs(users=400, items=150, exposed=30, random_shown=20)


@pytest.fixture(scope="module")
def world() -> Simulation:
    return simulate(SMALL)


def test_recorded_chances_add_up_to_the_log(world: Simulation) -> None:
    users = np.arange(400, dtype=np.int32)
    pairs = sum(part.shape[1] for part in (world.data.train, world.data.valid, world.data.test))
    assert float(world.truth.recorded(users).sum()) == pytest.approx(pairs, rel=0.03)
    clicks = np.bincount(world.data.train[1], minlength=150)
    assert np.corrcoef(world.truth.recorded(users).sum(axis=0), clicks)[0, 1] > 0.97


def test_exposure_is_what_the_knob_says(world: Simulation) -> None:
    shown = world.truth.exposed(np.arange(400, dtype=np.int32)).sum(axis=1).mean()
    assert 15 < shown < 30  # the logistic bends down what the knob asks for


def test_chance_of_a_genuine_click_is_calibrated(world: Simulation) -> None:
    genuine = world.truth.genuine(world.data.train)
    assert 1 - genuine.mean() == pytest.approx(world.truth.accidental.mean(), abs=0.01)
    users = world.data.train[0]
    row = world.truth.factual(users[:1])[0][world.data.train[1, 0]]
    odds = row * (1 - 0.25 * 0.05) / (row * (1 - 0.25 * 0.05) + (1 - row) * 0.05)
    assert genuine[0] == pytest.approx(odds, abs=1e-5)


def test_no_evidence_is_better_than_the_true_chance(world: Simulation) -> None:
    truth, train = world.truth, world.data.train
    best = labelled_auc(truth.genuine(train), truth.accidental)
    assert 0.8 < best < 1.0
    merit = (truth.taste[train[0]] * truth.merit[train[1]]).sum(axis=1)
    assert labelled_auc(merit, truth.accidental) < best - 0.02


def test_accidents_are_found_in_any_order(world: Simulation) -> None:
    order = np.random.default_rng(0).permutation(world.data.train.shape[1])
    assert (is_accident(world.data.train[:, order], world) == world.truth.accidental[order]).all()


def test_edge_curve_of_perfect_and_useless_evidence(world: Simulation) -> None:
    accidental = world.truth.accidental
    perfect = edge_curve(1.0 - accidental.astype(np.float64), accidental)
    assert perfect["auc"] == 1.0
    assert perfect["caught"] == [1.0] * 41
    chance = edge_curve(np.random.default_rng(0).random(accidental.size), accidental)
    assert np.abs(np.subtract(chance["caught"], chance["doubted"])).max() < 0.15  # type: ignore[call-overload]


def test_oracles_lead_on_their_own_test(world: Simulation) -> None:
    oracle = measure_oracle(world).metrics
    likes, effect = (measure_score(s, world, None) for s in (world.truth.factual, world.truth.do_effect))
    recorded = measure_score(world.truth.recorded, world, None)
    assert oracle["iid"] == recorded.metrics["iid"]
    assert oracle["random"]["ndcg@20"] > recorded.metrics["random"]["ndcg@20"]
    assert oracle["do"]["ndcg@20"] > likes.metrics["do"]["ndcg@20"]
    assert oracle["iid"]["ndcg@20"] > likes.metrics["iid"]["ndcg@20"]
    assert effect.effect_error == pytest.approx(0.0, abs=1e-5)
