"""The causal model with exposure as a term of its own: what is trained, what is ranked by, what is saved."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.model.base import Recommender
from causalrec.model.causal.exposure import code_demand, log_exposure
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender, load_recommender, save_recommender

pytestmark = pytest.mark.slow

Small = Callable[..., Settings]
EVERYONE = np.arange(60, dtype=np.int32)


def shaped(settings: Settings, *, backdoor: bool = True) -> Settings:
    """Exposure as a term of its own."""
    model = settings.model
    changed = model.model_copy(
        update={
            "layers": 0,
            "exposure": model.exposure.model_copy(update={"offset": True}),
            "content": model.content.model_copy(update={"channel": False}),
            "backdoor": model.backdoor.model_copy(update={"enabled": backdoor}),
        }
    )
    return settings.model_copy(update={"model": changed})


def trained(settings: Settings, data: Interactions) -> Recommender:
    recommender = build_recommender(settings)
    recommender.fit(data)
    return recommender


@pytest.fixture(scope="module")
def data(toy: Callable[..., Interactions]) -> Interactions:
    return toy()


@pytest.fixture(scope="module")
def model(data: Interactions, small: Small) -> Recommender:
    return trained(shaped(small("causal")), data)


def test_demand_is_in_the_factual_score_alone(model: Recommender, data: Interactions, small: Small) -> None:
    tables = model.serving_tables()
    assert tables is not None
    exposure = log_exposure(tables.popularity)
    demand = small("causal").training.temperature * code_demand(exposure, (tables.coarse, tables.fine))
    assert tables.users[:, -1].tolist() == np.isin(EVERYONE, data.train[0]).tolist()  # 1 with a history
    assert (tables.items[:, -1] == 0).all()
    assert tables.items_unadjusted[:, -1] == pytest.approx(demand, abs=1e-6)


def test_without_the_back_door_demand_stays(data: Interactions, small: Small) -> None:
    tables = trained(shaped(small("causal"), backdoor=False), data).serving_tables()
    assert tables is not None
    assert np.array_equal(tables.items[:, -1], tables.items_unadjusted[:, -1])


def test_saved_and_loaded_it_is_the_same(model: Recommender, data: Interactions, tmp_path: Path) -> None:
    save_recommender(model, tmp_path)
    loaded = load_recommender(tmp_path)
    assert np.array_equal(loaded.score(EVERYONE), model.score(EVERYONE))
    assert isinstance(loaded, CausalRecommender)
    assert isinstance(model, CausalRecommender)
    again, first = (part.item_states_for(data.modalities) for part in (loaded, model))
    assert np.array_equal(again, first)


def test_an_explanation_adds_up(model: Recommender) -> None:
    assert isinstance(model, CausalRecommender)
    found, tables = model.explain(3, 4), model.serving_tables()
    assert found.score == pytest.approx(float(tables.users[3] @ tables.items[4]), abs=1e-6)
    assert found.without_backdoor == pytest.approx(
        float(tables.users[3] @ tables.items_unadjusted[4]), abs=1e-6
    )


@pytest.mark.slow
def test_a_ranking_that_exposure_turns_round_is_put_right(small: Small) -> None:
    """Items of group 1 are shown nine times as often; half of the users like group 0 four times as well.

    They click group 0 at .8 x .1 and group 1 at .2 x .9, so a ranking by clicks puts what they dislike first.
    """
    rng = np.random.default_rng(1)
    group, fans = np.arange(24) % 2, np.arange(400) % 2
    like = np.where(group[None] == fans[:, None], 0.8, 0.2)
    clicked = rng.random((400, 24)) < like * np.where(group == 0, 0.1, 0.9)
    pairs = np.array(clicked.nonzero(), dtype=np.int32)
    content = {"image": (np.eye(2)[group] + 0.3 * rng.standard_normal((24, 2))).astype(np.float32)}
    none = pairs[:, :0]
    data = Interactions(400, 24, pairs, none, none, content)
    misled = np.flatnonzero((fans == 0) & (clicked.sum(axis=1) > 1)).astype(np.int32)

    def lead(settings: Settings) -> float:
        """Mean score of what they like less that of what they dislike."""
        scores = trained(settings, data).score(misled)
        return float(scores[:, group == 0].mean() - scores[:, group == 1].mean())

    settings = small("causal", training={"epochs_unvalidated": 40})
    assert lead(settings) < 0
    assert lead(shaped(settings)) > 0
