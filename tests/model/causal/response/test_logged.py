"""What will be chosen anyway: exposure by item, its weight by validation, and lists in that order."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.config.model import BlendSettings, TrainingSettings
from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Floats, Interactions, Looks
from causalrec.lab.oracle.generated import generated_shop
from causalrec.metrics.ranking import rank_metrics
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.causal.response.logged import exposure_weight, log_exposure
from causalrec.model.causal.response.recommender import ResponseRecommender
from causalrec.training.factory import build_recommender
from causalrec.training.judge import ValidationJudge

SHORT = {"sweeps": 20, "dim": 4}
JUDGE = ValidationJudge(TrainingSettings())


@pytest.fixture(scope="module")
def data() -> Interactions:
    return generated_shop(SourceSettings(users=120, items=60, seed=10)).data


def fitted(data: Interactions, order: str = "response") -> CausalRecommender:
    model = build_recommender(Settings.model_validate({"model": {"response": {**SHORT, "order": order}}}))
    model.fit(data)
    assert isinstance(model, CausalRecommender)
    return model


@pytest.fixture(scope="module")
def response(data: Interactions) -> CausalRecommender:
    return fitted(data)


def exposure_of(model: CausalRecommender) -> Floats:
    exposure = model.serving_tables().exposure
    assert exposure is not None
    return exposure


def test_exposure_is_the_log_of_one_more_than_the_looks() -> None:
    users, items, strata, count = np.array([[0, 1, 1], [2, 2, 0], [0, 0, 0], [3, 4, 1]], np.int32)
    looks = Looks(
        users, items, strata, count,
        reached=np.zeros((1, 3), np.int32),
        propensity=np.full(3, np.nan, np.float32), age=np.zeros(3, np.float32),
        depths=("view",), policy=("",),
        position=np.full(1, np.nan, np.float32), uniform=np.zeros(1, np.bool_),
    )  # fmt: skip
    assert log_exposure(looks, 4) == pytest.approx(np.log([2, 1, 8, 1]))


def test_held_out_choices_are_foretold_better_with_it(
    data: Interactions, response: CausalRecommender
) -> None:
    def anyway(users: np.ndarray) -> Floats:
        found: Floats = response.score(users) + exposure_of(response)
        return found

    plain, exposed = (rank_metrics(score, data, "test")["ndcg@20"] for score in (response.score, anyway))
    assert exposed > plain + 0.01
    assert response.findings["response/exposure_weight"] == response.exposure_weight
    assert (response.exposure_weight or 0.0) > 0


def test_no_held_out_pair_is_counted(data: Interactions, response: CausalRecommender) -> None:
    """Ten times the looks at pairs of the test change nothing."""
    looks = data.looks
    assert looks is not None
    held = np.zeros((data.n_users, data.n_items), np.bool_)
    held[data.test[0], data.test[1]] = True
    more = replace(looks, count=np.where(held[looks.users, looks.items], 10 * looks.count, looks.count))
    assert (more.count != looks.count).any()
    assert np.array_equal(exposure_of(fitted(replace(data, looks=more))), exposure_of(response))


def test_exposure_that_says_nothing_has_no_weight(data: Interactions, response: CausalRecommender) -> None:
    engine = response.engine
    assert isinstance(engine, ResponseRecommender)
    part = engine.part
    assert part is not None
    same, upside_down = np.ones(data.n_items, np.float32), -exposure_of(response)
    none = replace(data, valid=np.empty((2, 0), np.int32))
    for exposure, judged in ((same, data), (upside_down, data), (exposure_of(response), none)):
        assert exposure_weight(part, exposure, judged, JUDGE, BlendSettings(), 7) == 0.0


def test_lists_in_that_order(data: Interactions, response: CausalRecommender) -> None:
    logged, everyone = fitted(data, "logged"), np.arange(data.n_users, dtype=np.int32)
    with_it = response.score(everyone) + exposure_of(response)
    assert logged.score(everyone) == pytest.approx(with_it, abs=1e-4)
    assert logged.serving_tables().exposure is None
    content = {name: rows[:3] for name, rows in data.modalities.items()}
    assert logged.item_states_for(content)[:, -1].tolist() == [0.0, 0.0, 0.0]
    assert np.isfinite(logged.score_histories([np.array([1, 2], np.int32)])).all()
    explained = logged.explain(3, 5)
    assert explained.parts[-1].name == "how often the shop shows it"
    exposure = exposure_of(response)
    assert explained.parts[-1].value == pytest.approx(float(exposure[5] - exposure.mean()), abs=1e-4)
    assert sum(part.value for part in explained.parts) == pytest.approx(explained.score, abs=1e-3)
