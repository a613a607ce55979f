"""The engine against the definition, and every cold path."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.dataset.ties import keys_of, tie_breakers
from causalrec.model.blocks import unit_rows
from causalrec.model.read_out import ReadOut
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import Histories, from_positions
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.user_states import UserStates

from .shop import brute_force, catalogue, tables, user_states

TABLES = tables()
CATALOGUE = catalogue(TABLES)
SETTINGS = ScoringSettings(k=5)


def histories(of: list[list[int]]) -> Histories:
    flat = np.array([item for mine in of for item in mine], dtype=np.int64)
    return from_positions(np.array([len(mine) for mine in of]), flat)


def engine(settings: ScoringSettings = SETTINGS) -> Engine:
    return Engine(CATALOGUE, settings, users=user_states(TABLES))


def lists(blocks: list[Ranked], n_users: int) -> list[list[int]]:
    return [
        [int(item) for block in blocks for item in block.items[block.users == user]]
        for user in range(n_users)
    ]


SEEN = st.lists(st.lists(st.integers(0, 10), unique=True, max_size=11), min_size=7, max_size=7)


@given(SEEN, st.integers(1, 14), st.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_equals_brute_force_for_every_block_size(seen: list[list[int]], k: int, block: int) -> None:
    rows = np.arange(7, dtype=np.int32)
    blocks = list(engine(ScoringSettings(user_block=block)).recommend(rows, histories(seen), k))
    assert CATALOGUE.states is not None
    again = [mine if len(mine) < CATALOGUE.size else [] for mine in seen]  # who has all sees it again
    assert lists(blocks, 7) == brute_force(TABLES.users, CATALOGUE.states, again, k)


def test_scores_do_not_depend_on_the_blocks() -> None:
    rows = np.arange(7, dtype=np.int32)
    past = histories([[0, 4], [], [2], [3, 1, 5], [9], [], [10]])
    whole = list(engine().recommend(rows, past, 5))
    parts = list(engine(ScoringSettings(user_block=1)).recommend(rows, past, 5))
    for name in ("scores", "raw", "content", "reason_texts", "adjustments", "items"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(getattr(whole[0], name), joined), name


def test_user_without_state_and_history_gets_popular_items() -> None:
    names = np.array(["ann", "bob", "eve"], dtype=object)
    nobody = np.full(3, -1, dtype=np.int32)
    (block,) = engine().recommend(nobody, histories([[], [], []]), 5, names)
    chance = tie_breakers(keys_of(names)[:, None], keys_of(CATALOGUE.item_ids))
    best = np.lexsort((chance, np.tile(-CATALOGUE.popularity, (3, 1))))[:, :5]
    assert block.items.tolist() == best.ravel().tolist()
    assert not np.array_equal(best[0], best[1])  # popularity is tied
    assert set(block.fallback) == {"cold_user"}
    assert set(block.reason_codes) == {"popular"}
    assert np.isnan(block.raw).all()
    assert np.isnan(block.content).all()
    assert set(block.adjustments) == {""}


def test_new_user_with_history_is_folded_in() -> None:
    (block,) = engine().recommend(np.array([-1], dtype=np.int32), histories([[2, 6]]), 3)
    assert CATALOGUE.states is not None
    mean = unit_rows(CATALOGUE.states[[2, 6]].sum(axis=0, keepdims=True))
    assert block.items.tolist() == brute_force(mean, CATALOGUE.states, [[2, 6]], 3)[0]
    assert set(block.fallback) == {"fold_in"}


def test_a_new_user_gets_the_state_that_the_model_reads_out() -> None:
    read_out = ReadOut((2, CATALOGUE.states.shape[1] - 2) if CATALOGUE.states is not None else ())
    known = Engine(CATALOGUE, SETTINGS, users=UserStates(TABLES.users), read_out=read_out)
    (block,) = known.recommend(np.array([-1], dtype=np.int32), histories([[2, 6]]), 3)
    assert CATALOGUE.states is not None
    state = read_out.states(CATALOGUE.states[[2, 6]].sum(axis=0, keepdims=True))
    assert block.items.tolist() == brute_force(state, CATALOGUE.states, [[2, 6]], 3)[0]


def test_user_who_has_seen_all_but_two_gets_two_labelled_rows() -> None:
    (block,) = engine().recommend(np.array([0], dtype=np.int32), histories([list(range(9))]), 5)
    assert sorted(block.items) == [9, 10]
    assert set(block.fallback) == {"catalogue_exhausted"}


def test_labels_are_joined() -> None:
    (block,) = engine().recommend(np.array([-1], dtype=np.int32), histories([[]]), 50)
    assert set(block.fallback) == {"cold_user+catalogue_exhausted"}
    assert block.items.size == CATALOGUE.size


def test_user_who_has_seen_everything_gets_a_labelled_list_of_it() -> None:
    (block,) = engine().recommend(np.array([0], dtype=np.int32), histories([list(range(11))]), 5)
    assert CATALOGUE.states is not None
    assert block.items.tolist() == brute_force(TABLES.users[:1], CATALOGUE.states, [[]], 5)[0]
    assert set(block.fallback) == {"seen_everything"}


def test_seen_items_stay_when_they_may_be_bought_again() -> None:
    again = engine(ScoringSettings(exclude_seen=False))
    (block,) = again.recommend(np.array([0], dtype=np.int32), histories([list(range(11))]), 5)
    assert block.items.size == 5


def test_item_without_features_is_scorable() -> None:
    states = TABLES.items.copy()
    states[0] = 0  # a model that knows nothing about an item gives it a zero state
    plain = catalogue(replace(TABLES, items=states))
    (block,) = Engine(plain, SETTINGS, users=UserStates(TABLES.users)).recommend(
        np.array([0], dtype=np.int32), histories([[]]), plain.size
    )
    assert sorted(block.items) == list(range(plain.size))
    assert np.isfinite(block.scores).all()


def test_reason_names_the_nearest_item_of_the_history() -> None:
    assert CATALOGUE.states is not None
    states = CATALOGUE.states.copy()
    states[3] = 2 * states[7]
    twin = replace(CATALOGUE, states=states)
    (block,) = Engine(twin, SETTINGS, users=UserStates(TABLES.users)).recommend(
        np.array([0], dtype=np.int32), histories([[1, 7]]), twin.size
    )
    row = block.items.tolist().index(3)
    assert block.reason_codes[row] == "similar_to_history"
    assert block.reason_texts[row] == f"because you chose {twin.titles[7]}"


@pytest.mark.parametrize("name", ["raw", "content"])
def test_the_other_scores_are_products_of_their_own_tables(name: str) -> None:
    (block,) = engine().recommend(np.array([2], dtype=np.int32), histories([[]]), 5)
    users, items = getattr(TABLES, f"{name}_users"), getattr(TABLES, f"{name}_items")
    expected = items[CATALOGUE.model_rows[block.items]].astype(float) @ users[2].astype(float)
    np.testing.assert_allclose(getattr(block, name), expected, rtol=1e-5)


def test_a_model_without_the_tables_and_an_item_without_a_raw_state_have_no_such_score() -> None:
    bare = Engine(replace(CATALOGUE, raw=None, content=None), SETTINGS, users=UserStates(TABLES.users))
    (block,) = bare.recommend(np.array([2], dtype=np.int32), histories([[]]), 5)
    assert np.isnan(block.raw).all()
    assert np.isnan(block.content).all()
    assert set(block.adjustments) == {""}
    assert CATALOGUE.raw is not None
    raw = CATALOGUE.raw.copy()
    raw[int(block.items[0])] = np.nan
    (block,) = Engine(replace(CATALOGUE, raw=raw), SETTINGS, users=user_states(TABLES)).recommend(
        np.array([2], dtype=np.int32), histories([[]]), 5
    )
    assert np.isnan(block.raw).tolist() == [True, False, False, False, False]
    assert block.adjustments[0] == ""


def test_model_without_factors_ranks_its_own_scores() -> None:
    matrix = np.random.default_rng(0).normal(size=(3, 11)).astype(np.float32)
    dense = Engine(replace(CATALOGUE, states=None), SETTINGS, score=lambda users: matrix[users])
    (block,) = dense.recommend(np.array([1, -1], dtype=np.int32), histories([[0], []]), 4)
    expected = np.lexsort((np.arange(11), -matrix[1, CATALOGUE.model_rows]))
    assert block.items[block.users == 0].tolist() == [item for item in expected if item != 0][:4]
    assert set(block.fallback[block.users == 1]) == {"cold_user"}


def test_model_without_factors_folds_new_users_in_by_their_history() -> None:
    calls: list[list[list[int]]] = []

    def by_history(histories: Sequence[Ints]) -> Floats:
        calls.append([items.tolist() for items in histories])
        return np.tile(np.arange(11, dtype=np.float32), (len(histories), 1))

    dense = Engine(
        replace(CATALOGUE, states=None),
        SETTINGS,
        score=lambda users: users[:, None].astype(np.float32),
        score_histories=by_history,
    )
    (block,) = dense.recommend(np.array([-1], dtype=np.int32), histories([[0, 3]]), 2)
    assert calls == [[CATALOGUE.model_rows[[0, 3]].tolist()]]
    assert CATALOGUE.model_rows[block.items].tolist() == [9, 8]  # model row 10 is catalogue item 0: seen
    assert set(block.fallback) == {"fold_in"}


def test_catalogue_names_and_restriction() -> None:
    assert CATALOGUE.item_ids.tolist() == sorted(CATALOGUE.item_ids)
    assert set(CATALOGUE.confounders) == {"", "Acme shoes", "code 1"}
    few = CATALOGUE.only(np.array(["i002", "i009", "zzz"]))
    assert few.item_ids.tolist() == ["i002", "i009"]
    assert few.named(np.array(["i009"]), np.array(["New"])).titles.tolist() == ["Title i002", "New"]
