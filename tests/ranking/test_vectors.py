"""One vector per item and per user, with which lists can be made elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalrec.config.scoring import ScoringSettings
from causalrec.errors import ScoringError
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import from_positions
from causalrec.ranking.item_rules import Boosts
from causalrec.ranking.vectors import item_vectors, user_vectors
from tests.ranking.shop import catalogue, tables, user_states

USERS, ITEMS, K = 7, 11, 4
TABLES = tables(USERS, ITEMS)
CATALOGUE = catalogue(TABLES)
SCORING = ScoringSettings(k=K, new_item_share=0)
HISTORIES = from_positions(np.array([0, 0, 0, 0, 0, 2, 0]), np.array([3, 8]))
ROWS = np.array([0, 1, 2, 3, 4, -1, -1], dtype=np.int32)  # the sixth is known by history, the last not at all


@given(
    st.lists(st.floats(-2, 2), min_size=ITEMS, max_size=ITEMS),
    st.lists(st.floats(-3, 3), min_size=ITEMS, max_size=ITEMS),
    st.booleans(),
)
def test_the_order_of_the_lists(added: list[float], times: list[float], odds: bool) -> None:
    """As the contract of ``item_vectors`` says it, for trained users and those known by history."""
    boosts = Boosts(np.array(added, np.float32), np.array(times, np.float32), odds)
    items = replace(CATALOGUE, rules=replace(CATALOGUE.rules, boosts=boosts))
    engine = Engine(items, SCORING, users=user_states(TABLES))
    found = item_vectors(items)
    blocks = list(user_vectors(engine, ROWS, HISTORIES, 3))
    assert found.ordered_by == ("expectation" if odds and boosts.log_times.any() else "dot")
    assert np.concatenate([block.places for block in blocks]).tolist() == [0, 1, 2, 3, 4, 5]
    assert np.concatenate([block.folded for block in blocks]).tolist() == [False] * 5 + [True]
    products = np.concatenate([block.vectors for block in blocks]) @ found.vectors.T
    order = products.astype(np.float64)
    if found.ordered_by == "expectation":
        order -= np.logaddexp(0, order - found.log_factor)
    order[5, [3, 8]] = -np.inf
    (block,) = engine.recommend(ROWS, HISTORIES, K)
    for user in range(6):
        mine = block.items[block.users == user]
        assert np.sort(order[user])[::-1][:K] == pytest.approx(order[user, mine], abs=1e-5)
        scores = products[user, mine] - found.vectors[mine, -1]
        assert block.scores[block.users == user] == pytest.approx(scores, abs=1e-5)


def test_items_that_take_no_personal_place_have_no_vector() -> None:
    listed = np.arange(ITEMS) != 4
    found = item_vectors(replace(CATALOGUE, rules=replace(CATALOGUE.rules, listed=listed)))
    assert found.places.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert found.vectors.shape == (10, TABLES.items.shape[1] + 1)
    assert not found.vectors[:, -1].any()


def test_states_that_are_not_finite_are_refused() -> None:
    assert CATALOGUE.states is not None
    broken = CATALOGUE.states.copy()
    broken[2, 0] = np.nan
    with pytest.raises(ScoringError, match="not finite"):
        item_vectors(replace(CATALOGUE, states=broken))
    with pytest.raises(ScoringError, match="no vectors"):
        item_vectors(replace(CATALOGUE, states=None))
