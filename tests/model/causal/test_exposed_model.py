"""Exposure as a term of its own where codes differ in demand, and where two causes decide what is shown."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.model.causal.exposure import code_demand, log_exposure
from causalrec.model.causal.graph_recommender import GraphRecommender
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender

Small = Callable[..., Settings]
ITEMS = 96
SHAPE: dict[str, object] = {
    "layers": 0,
    "unit": False,
    "ridge": 30.0,
    "content": {"ids": False, "hidden": 16, "smoothing": 0.0, "channel": False},
    "exposure": {"offset": True},
    "backdoor": {"least_strength": 0.0},
}


def fitted(small: Small, data: Interactions, **changes: dict[str, object]) -> GraphRecommender:
    sections = {name: {**SHAPE.get(name, {}), **change} for name, change in changes.items()}  # type: ignore[dict-item]
    recommender = build_recommender(small("causal", model={**SHAPE, **sections}))
    assert isinstance(recommender, CausalRecommender)
    recommender.fit(data)
    engine = recommender.engine
    assert isinstance(engine, GraphRecommender)
    return engine


@pytest.fixture(scope="module")
def data(toy: Callable[..., Interactions]) -> Interactions:
    """The toy with most clicks on one group of items lost, so that codes differ in demand."""
    whole = toy(users=90, items=48)
    stays = (whole.train[1] % 3 != 0) | (np.arange(whole.train.shape[1]) % 4 == 0)
    return replace(whole, train=whole.train[:, stays])


@pytest.fixture(scope="module")
def model(data: Interactions, small: Small) -> GraphRecommender:
    return fitted(small, data)


def demand_of(model: GraphRecommender, temperature: float) -> np.ndarray:
    tables = model.serving_tables()
    return temperature * code_demand(log_exposure(tables.popularity), (tables.coarse, tables.fine))


def test_the_last_column_gives_demand_back_where_codes_are_as_they_are(
    model: GraphRecommender, data: Interactions, small: Small
) -> None:
    tables = model.serving_tables()
    demand = demand_of(model, small("causal").training.temperature)
    assert demand.any()
    assert not tables.items[:, -1].any()
    assert tables.items_unadjusted[:, -1] == pytest.approx(demand, abs=1e-6)
    has_history = np.bincount(data.train[0], minlength=data.n_users) > 0
    assert np.array_equal(tables.users[:, -1], has_history)


def test_without_the_back_door_demand_stays(data: Interactions, small: Small) -> None:
    model = fitted(small, data, backdoor={"enabled": False})
    demand = demand_of(model, small("causal").training.temperature)
    assert demand.any()
    assert model.serving_tables().items[:, -1] == pytest.approx(demand, abs=1e-6)


def test_a_new_user_gets_the_items_of_the_history(model: GraphRecommender, data: Interactions) -> None:
    scores = model.score_histories([np.array([0, 3, 6], dtype=np.int32), np.array([], dtype=np.int32)])
    assert np.isfinite(scores).all()
    group = np.arange(data.n_items) % 3 == 0
    assert scores[0][group].mean() > scores[0][~group].mean()


@pytest.mark.parametrize("frontdoor", [True, False])
def test_explanations_belong_to_the_score(data: Interactions, small: Small, frontdoor: bool) -> None:
    model = fitted(small, data, frontdoor={"enabled": frontdoor})
    tables = model.serving_tables()
    for user, item in ((0, 4), (17, 30)):
        found = model.explain(user, item)
        assert found.score == pytest.approx(float(tables.users[user] @ tables.items[item]), abs=1e-6)
        assert found.without_backdoor == pytest.approx(
            float(tables.users[user] @ tables.items_unadjusted[item]), abs=1e-6
        )
        assert (found.without_frontdoor is not None) == frontdoor


def test_codes_act_only_where_modalities_agree(data: Interactions, small: Small) -> None:
    strength = {}
    for least in (0.0, 1.0):
        model = fitted(small, data, backdoor={"least_strength": least})
        assert model.cold is not None
        strength[least] = model.cold.confounder.strength
        acts = model.cold.gamma is not None
        assert acts == (strength[least] >= least)
    assert 0.0 < strength[0.0] < 1.0  # so that the two differ


def two_confounders(seed: int) -> tuple[Interactions, np.ndarray]:
    """Clicks of a shop in which two causes decide what is shown: luck of items and promotion of brands.

    A user likes items of the own style six times as much as others. Exposure varies eightyfold and says
    nothing of style: a promoted, lucky item of another style (0.1 * 80) is clicked more than a promoted one
    of the own style (0.6 * 10). The share of clicks, which is what a softmax fits, orders such pairs wrongly.

    Returns:
        the log, and what users like, (U, N).
    """
    rng = np.random.default_rng(seed)
    users, items = 240, ITEMS
    style, brand, lucky = np.arange(items) % 2, np.arange(items) // 2 % 2, np.arange(items) // 4 % 2
    liked = np.where(np.arange(users)[:, None] % 2 == style, 0.6, 0.1)
    shown = 0.0125 * np.array([1.0, 10.0])[brand] * np.array([1.0, 8.0])[lucky]
    clicked = rng.random((users, items)) < liked * shown
    pairs = np.array(clicked.nonzero(), dtype=np.int32)
    features = np.stack([style, brand], axis=1) * 2.0 - 1.0
    content = {
        name: (features @ rng.normal(size=(2, width)) + 0.2 * rng.normal(size=(items, width))).astype(
            np.float32
        )
        for name, width in (("image", 6), ("text", 5))
    }
    none = np.empty((2, 0), dtype=np.int32)
    return Interactions(users, items, pairs, none, none, content), liked * shown


def right(scores: np.ndarray, liked: np.ndarray) -> float:
    """Share of (user, liked item, other item) that ``scores`` put in the right order."""
    shares = []
    for row, wanted in zip(scores, liked > liked.mean(), strict=True):
        shares.append((row[wanted][:, None] > row[~wanted][None]).mean())
    return float(np.mean(shares))


def test_exposure_as_a_term_ranks_right_where_clicks_rank_wrong(small: Small) -> None:
    data, clicks = two_confounders(0)
    liked = np.where(np.arange(240)[:, None] % 2 == np.arange(ITEMS) % 2, 0.6, 0.1)
    everybody = np.arange(data.n_users, dtype=np.int32)
    assert right(clicks, liked) < 0.8  # the naive answer with an endless log
    naive = build_recommender(small("lightgcn"))
    naive.fit(data)
    ours = fitted(small, data)
    blind = fitted(small, data, exposure={"offset": False})
    found = right(ours.score(everybody), liked)
    assert found > 0.9
    assert right(naive.score(everybody), liked) < 0.8
    assert right(blind.score(everybody), liked) < found - 0.1  # it is the term that does it
