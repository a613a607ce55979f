"""A model that separates content from demand is asked for the do-effect by its tables of content."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.lab.simulation.simulator import simulate
from causalrec.lab.simulation.world import Knobs
from causalrec.lab.studies.readout import measure_readouts, measure_score
from causalrec.training.factory import build_recommender

pytestmark = pytest.mark.slow


def test_the_adjusted_read_out_is_that_of_content() -> None:
    shop = simulate(Knobs(users=60, items=40, width=8, exposed=15.0, logged=1.0))
    data = replace(shop.data, test=shop.data.test[:, :0], random_exposure=None)
    model = build_recommender(Settings.model_validate({"model": {"response": {"sweeps": 8, "dim": 3}}}))
    model.fit(data)
    tables = model.serving_tables()
    assert tables is not None
    content_users, content_items = tables.content_users, tables.content_items
    assert content_users is not None
    assert content_items is not None
    found = measure_readouts(model, shop)
    expected = measure_score(lambda users: content_users[users] @ content_items.T, shop, content_items)
    factual = measure_score(model.score, shop, tables.items_unadjusted)
    for test in ("random", "do"):
        assert np.array_equal(found["adjusted"].per_user[test], expected.per_user[test])
        assert np.array_equal(found["factual"].per_user[test], factual.per_user[test])
    assert found["adjusted"].metrics != found["factual"].metrics
