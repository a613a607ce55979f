"""Places by score and by the raw model, against the definition: both orders in full, by score alone."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.ranking.asked import Asked
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import from_positions
from causalrec.ranking.item_rules import no_rules
from causalrec.ranking.listing import Lister
from causalrec.ranking.places import places_by_score
from causalrec.ranking.selection import Selector
from causalrec.ranking.ties import Ties

from .shop import catalogue, tables, user_states

TABLES = tables(n_users=9, n_items=60, dim=5)
CATALOGUE = catalogue(TABLES)
K, LEAST = 8, 3
NONE = np.empty((0, 0), dtype=np.float32)
RAW_USERS = NONE if TABLES.raw_users is None else TABLES.raw_users
OURS, RAW = (NONE if states is None else states for states in (CATALOGUE.states, CATALOGUE.raw))


def place(users: Floats, items: Floats, user: int, item: int, seen: list[int]) -> int:
    """Place of ``item`` among all items that are not ``seen``."""
    scores = (items @ users[user]).astype(float)
    scores[seen] = -np.inf
    return int((scores > scores[item]).sum()) + 1


def places(
    settings: ScoringSettings, past: list[list[int]], compared: list[int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What was found and what the definition says, for every listed row."""
    lister = Lister.of(CATALOGUE.rules, settings, None)
    cold = np.zeros(9, dtype=np.bool_)
    ties = Ties.numbered(9, 60)
    ours = Selector(CATALOGUE, cold, ties, states=TABLES.users)
    raw = Selector(replace(CATALOGUE, states=RAW), cold, ties, states=RAW_USERS)
    masked = np.array([user * 60 + item for user, items in enumerate(past) for item in sorted(items)])
    lists = lister.lists(ours, masked.astype(np.int64), K, None)
    found, raw_places = places_by_score(lister, lists, ours, raw, np.array(compared, dtype=np.int64), K)
    expected = []
    reach = K * settings.pool if lister.reranked else K
    for user, item in zip(lists.top.rows, lists.top.columns, strict=True):
        mine = place(TABLES.users, OURS, user, item, past[user])
        there = place(RAW_USERS, RAW, user, item, past[user])
        expected.append((mine, min(there, reach + LEAST + 1)) if user in compared else (0, 0))
    return list(zip(found.tolist(), raw_places.tolist(), strict=True)), expected


PAST = [
    [int(item) for item in np.random.default_rng(user).choice(60, user, replace=False)] for user in range(9)
]


@pytest.mark.parametrize("compared", [list(range(9)), [0, 3, 4], []])
def test_places_by_the_definition(compared: list[int]) -> None:
    found, expected = places(ScoringSettings(k=K, adjusted_places=LEAST), PAST, compared)
    assert found == expected
    assert bool(compared) == any(ours != raw for ours, raw in found)


def test_caps_are_no_adjustment() -> None:
    """Every second item is of one brand, two of which may be listed: places are still places by score."""
    rules = replace(no_rules(60), brand=(np.arange(60) % 2).astype(np.int32))
    capped = ScoringSettings(k=K, adjusted_places=LEAST, max_per_brand=6)
    engine = Engine(replace(CATALOGUE, rules=rules), capped, users=user_states(TABLES))
    past = from_positions(np.zeros(9, dtype=np.int64), np.empty(0, dtype=np.int64))
    (block,) = engine.recommend(np.arange(9, dtype=np.int32), past, K)
    for user, item, code in zip(block.users, block.items, block.adjustments, strict=True):
        mine = place(TABLES.users, OURS, user, item, [])
        there = min(place(RAW_USERS, RAW, user, item, []), K * capped.pool + LEAST + 1)
        expected = "" if abs(there - mine) < LEAST else "higher" if there > mine else "lower"
        assert code.partition("_")[0] == expected  # and how popular the item is
    assert block.raw_places.tolist() == [
        min(place(RAW_USERS, RAW, user, item, []), K * capped.pool + LEAST + 1)
        for user, item in zip(block.users, block.items, strict=True)
    ]


def test_drawn_rows_were_not_ranked() -> None:
    explored = ScoringSettings(k=K, adjusted_places=1, explore_share=0.25)
    engine = Engine(CATALOGUE, explored, users=user_states(TABLES))
    past = from_positions(np.zeros(9, dtype=np.int64), np.empty(0, dtype=np.int64))
    ids = np.array([f"u{user}" for user in range(9)], dtype=object)
    (block,) = engine.ranked(Asked(np.arange(9, dtype=np.int32), past, K, ids, "seed"))
    assert (block.policies == "uniform").sum() == 18
    assert set(block.adjustments[block.policies == "uniform"]) == {""}
    assert (block.adjustments != "").any()
