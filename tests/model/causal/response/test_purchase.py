"""Lists by purchase: what changes, what new users and items get, and when nothing changes."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.dataset.arrays import Interactions
from causalrec.lab.oracle.generated import generated_shop
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender

pytestmark = pytest.mark.slow

SHORT = {"sweeps": 20, "dim": 4}


@pytest.fixture(scope="module")
def data() -> Interactions:
    """A shop in which items convert differently."""
    knobs = DemoSettings(conversion=1.5, campaigns=1.5, random_share=0.2)
    return generated_shop(SourceSettings(users=120, items=60, demo=knobs)).data


def fitted(data: Interactions, order: str) -> CausalRecommender:
    settings = Settings.model_validate({"model": {"response": {**SHORT, "order": order}}})
    model = build_recommender(settings)
    model.fit(data)
    assert isinstance(model, CausalRecommender)
    return model


def test_lists_by_purchase_know_what_converts(data: Interactions) -> None:
    response, purchase = (fitted(data, order) for order in ("response", "purchase"))
    looks = data.looks
    assert looks is not None
    clicks, bought = (np.bincount(looks.items, looks.reached[depth], data.n_items) for depth in (0, -1))
    rate, users = (bought + 1) / (clicks + 4), np.arange(data.n_users, dtype=np.int32)
    moved = (purchase.score(users) - response.score(users)).mean(axis=0)
    assert np.corrcoef(moved, rate)[0, 1] > 0.7
    assert purchase.findings["front_door/used"] == 1.0
    assert [row.kept for row in purchase.worth] == [True]
    assert [row.kept for row in response.worth] == [False]
    assert purchase.worth[0].gain == pytest.approx(response.worth[0].gain)
    content = {name: rows[:3] for name, rows in data.modalities.items()}
    assert purchase.item_states_for(content).shape == (3, purchase.serving_tables().items.shape[1])
    assert np.isfinite(purchase.score_histories([np.array([1, 2], np.int32)])).all()


def test_without_purchases_lists_stay_by_response(data: Interactions) -> None:
    looks = data.looks
    assert looks is not None
    clicks = replace(data, looks=replace(looks, reached=looks.reached[:1], depths=looks.depths[:1]))
    response, purchase = (fitted(clicks, order) for order in ("response", "purchase"))
    assert purchase.findings["front_door/used"] == 0.0
    assert purchase.worth == ()
    np.testing.assert_array_equal(purchase.serving_tables().items, response.serving_tables().items)
