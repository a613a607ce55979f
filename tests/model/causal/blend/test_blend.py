"""The causal recommender with its further parts: one pair of tables, new users, new items, refits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from causalrec.dataset.arrays import Interactions
from causalrec.model.causal.blend.choice import CONTENT_EASE, ENCODER, PARTS, SOLVES, BlendChoice
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender, load_recommender, save_recommender
from causalrec.training.part_worth import part_worth
from causalrec.training.refit import everything, refitted
from tests.model.conftest import make_toy, small_settings

pytestmark = pytest.mark.slow

CHOICE = BlendChoice({ENCODER: 0.5, CONTENT_EASE: 1.0, SOLVES: 0.2}, 30.0, {"image": 3.0, "text": 0.0})


def built(**changes: dict[str, object]) -> CausalRecommender:
    found = build_recommender(small_settings("causal", model=dict(changes)))
    assert isinstance(found, CausalRecommender)
    return found


@pytest.fixture(scope="module")
def data() -> Interactions:
    return make_toy(users=60, items=30)


@pytest.fixture(scope="module")
def model(data: Interactions) -> CausalRecommender:
    """All parts, with weights that an earlier fit chose."""
    found = built()
    found.choice = CHOICE
    found.fit(everything(data))
    return found


@pytest.fixture(scope="module")
def chosen(data: Interactions) -> CausalRecommender:
    """The weights that validation likes, however little a part gains."""
    found = built(blend={"gain": 0.0})
    found.fit(data)
    return found


def test_scores_are_the_weighted_sum_of_standard_parts(model: CausalRecommender) -> None:
    blend, users = model.blend, np.arange(60, dtype=np.int32)
    assert blend is not None
    encoder = model.engine.score(users)
    wanted = encoder.copy()
    for name, weight in ((CONTENT_EASE, 1.0), (SOLVES, 0.2)):
        part = blend.parts[name]
        assert (part.users @ part.items.T).std(axis=1) == pytest.approx(1, abs=1e-3)
        wanted += blend.spread * weight / 0.5 * (part.users @ part.items.T)
    assert model.score(users) == pytest.approx(wanted, abs=1e-4)
    assert blend.spread == pytest.approx(np.sqrt(encoder.var(axis=1).mean()), rel=1e-3)


def test_a_restored_model_is_the_same(model: CausalRecommender, data: Interactions, tmp_path: Path) -> None:
    save_recommender(model, tmp_path)
    loaded = load_recommender(tmp_path)
    assert isinstance(loaded, CausalRecommender)
    users = np.arange(60, dtype=np.int32)
    histories = [np.array([0, 3], dtype=np.int32), np.array([], dtype=np.int32)]
    assert np.array_equal(loaded.score(users), model.score(users))
    assert np.array_equal(loaded.score_histories(histories), model.score_histories(histories))
    assert np.array_equal(loaded.item_states_for(data.modalities), model.item_states_for(data.modalities))
    assert loaded.explain(3, 5) == model.explain(3, 5)
    assert loaded.choice == CHOICE


def test_a_new_user_gets_the_items_of_the_history(model: CausalRecommender) -> None:
    history = np.array([0, 3, 6], dtype=np.int32)
    states = model.fold_in([history, np.array([], dtype=np.int32)])
    assert states.shape == (2, model.serving_tables().users.shape[1])
    assert not states[1].any()
    scores, group = states[0] @ model.serving_tables().items.T, np.arange(30) % 3 == 0
    assert scores[group].min() > scores[~group].mean()


def test_a_new_item_lies_among_the_items_that_look_like_it(
    model: CausalRecommender, data: Interactions
) -> None:
    content = {name: np.concatenate([rows[:3], 0 * rows[:1]]) for name, rows in data.modalities.items()}
    states = model.item_states_for(content)
    assert states.shape == (4, model.serving_tables().items.shape[1])
    assert not states[3].any()
    scores = model.serving_tables().users @ states[:3].T
    mean = np.stack([scores[np.arange(60) % 3 == group].mean(axis=0) for group in range(3)])
    assert mean.argmax(axis=0).tolist() == [0, 1, 2]


def test_an_explanation_adds_up(model: CausalRecommender, data: Interactions) -> None:
    score = model.score(np.array([7], dtype=np.int32))[0, 4]
    found = model.explain(7, 4, history=2)
    assert found.score == pytest.approx(float(score), abs=1e-5)
    assert [part.name for part in found.parts] == list(PARTS)
    assert sum(part.value for part in found.parts) == pytest.approx(found.score, abs=1e-6)
    assert found.without_frontdoor is not None
    assert found.without_topology is not None
    assert len(found.carried) == 2
    assert found.carried[0].contribution >= found.carried[1].contribution
    assert {kept.item for kept in found.carried} <= set(model.history(7).tolist())


def test_validation_chooses_and_every_part_is_measured(chosen: CausalRecommender, data: Interactions) -> None:
    assert chosen.blend is not None
    weights = chosen.blend.choice.weights
    assert max(weights.values()) == 1.0
    assert chosen.findings[f"blend/weight/{SOLVES}"] == weights[SOLVES]
    rows = part_worth(chosen, data)
    used = [name for name in PARTS if weights[name] > 0]
    assert [row.module for row in rows if row.kept] == used
    assert all(row.low <= row.gain <= row.high and row.measured_on == "validation" for row in rows)


def test_a_refit_takes_the_weights_over(chosen: CausalRecommender, data: Interactions) -> None:
    served = refitted(small_settings("causal", model={"blend": {"gain": 0.0}}), data, chosen, 3)
    assert isinstance(served, CausalRecommender)
    assert served.choice == chosen.choice
    assert served.serving_tables().items.shape[0] == data.n_items


def test_where_there_is_nothing_to_choose_on_the_encoder_is_alone(data: Interactions) -> None:
    none = np.empty((2, 0), dtype=np.int32)
    model = built()
    model.fit(replace(data, valid=none))
    assert model.blend is None
    assert np.array_equal(model.serving_tables().items, model.engine.serving_tables().items)
    assert part_worth(model, data) == ()


def test_the_setting_turns_it_off(data: Interactions) -> None:
    model = built(blend={"enabled": False})
    model.fit(data)
    assert model.blend is None
