"""Pins, promotions and hidden pairs: from the file to the lists."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.scoring import ScoringSettings
from causalrec.errors import SettingsError
from causalrec.ranking.asked import Asked
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import Histories, from_positions
from causalrec.ranking.item_rules import Reserved, no_rules
from causalrec.ranking.merchandise.kinds import Pin, Promotion
from causalrec.ranking.merchandise.reserve import reserved
from causalrec.ranking.merchandise.rules_file import (
    NOTHING,
    Merchandise,
    merchandise_input,
    read_merchandise,
)
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.slots import Policy, slots_of
from tests.ranking.shop import catalogue, tables, user_states

DS = dt.date(2026, 3, 1)
TABLES = tables(n_users=7, n_items=11)
CATALOGUE = catalogue(TABLES)
PLAIN = ScoringSettings(k=5, new_item_share=0)
USERS = np.array([f"u{user}" for user in range(7)], dtype=object)
NOBODY = from_positions(np.zeros(7, dtype=np.int64), np.empty(0, dtype=np.int64))
RULES = """
hidden = "hidden.csv"

[[pins]]
item = "i003"
rank = 1
first = 2026-03-01
last = 2026-03-07

[[promotions]]
name = "spring"
share = 0.2
brands = ["nord"]
categories = ["Home"]
"""


def ranked(merchandise: Merchandise, past: Histories = NOBODY, hidden: Histories | None = None) -> Ranked:
    items = pd.DataFrame({"item_id": CATALOGUE.item_ids, "brand": None, "category": None})
    items.loc[:2, "brand"] = "Nord"
    rules = reserved(CATALOGUE.rules, items, merchandise, DS)
    engine = Engine(replace(CATALOGUE, rules=rules), PLAIN, users=user_states(TABLES))
    rows = np.arange(7, dtype=np.int32)
    rows[6] = -1  # of whom nothing is known
    (block,) = engine.ranked(Asked(rows, past, 5, USERS, DS.isoformat(), hidden))
    return block


def test_a_pinned_item_is_where_it_is_pinned() -> None:
    item = str(CATALOGUE.item_ids[8])
    block = ranked(Merchandise(pins=(Pin(item=item, rank=2),)))
    at = block.ranks == 2
    assert set(block.items[at]) == {8}
    assert set(block.policies[at]) == {Policy.PINNED.value}
    assert set(block.propensity) == {1.0}
    assert set(block.reason_texts[at]) == {"placed here by the shop"}
    assert (np.bincount(block.users) == 5).all()
    plain = ranked(NOTHING)  # the others keep their order
    for user in range(7):
        rest = [item for item in plain.items[plain.users == user] if item != 8]
        assert block.items[(block.users == user) & ~at].tolist() == rest[:4]


def test_who_has_the_pinned_item_gets_another() -> None:
    past = from_positions(np.array([1, 0, 0, 0, 0, 0, 0]), np.array([8]))
    block = ranked(Merchandise(pins=(Pin(item=str(CATALOGUE.item_ids[8]), rank=1),)), past)
    first = block.items[block.ranks == 1]
    assert first[0] != 8
    assert set(first[1:]) == {8}


def test_a_promotion_gives_each_user_the_best_of_its_items() -> None:
    block = ranked(Merchandise(promotions=(Promotion(name="spring", share=0.2, brands=("NORD",)),)))
    (slot,) = slots_of(PLAIN, promoted=(Reserved(np.ones(1, dtype=np.bool_), share=0.2),))
    assert CATALOGUE.states is not None
    scores = TABLES.users[:6] @ CATALOGUE.states[:3].T
    mine = block.items[(block.policies == Policy.PROMOTED.value) & (block.users < 6)]
    assert mine.tolist() == scores.argmax(axis=1).tolist()
    assert set(block.ranks[block.policies == Policy.PROMOTED.value]) == {slot.rank}
    popular = block.items[(block.policies == Policy.PROMOTED.value) & (block.users == 6)]
    assert CATALOGUE.popularity[popular] == CATALOGUE.popularity[:3].max()


@given(st.lists(st.lists(st.integers(0, 10), unique=True, max_size=8), min_size=7, max_size=7))
@settings(max_examples=25)
def test_hidden_items_are_never_shown(hidden: list[list[int]]) -> None:
    flat = np.array([item for mine in hidden for item in mine], dtype=np.int64)
    never = from_positions(np.array([len(mine) for mine in hidden]), flat)
    everything = from_positions(np.full(7, 11), np.tile(np.arange(11), 7))
    for past in (NOBODY, everything):
        block = ranked(Merchandise(pins=(Pin(item=str(CATALOGUE.item_ids[0]), rank=1),)), past, never)
        for user, mine in enumerate(hidden):
            shown = block.items[block.users == user]
            assert not set(shown) & set(mine)
            assert len(shown) == min(5, 11 - len(mine))


@given(
    st.integers(1, 12),
    st.lists(st.integers(1, 12), unique=True, max_size=4),
    st.lists(st.sampled_from([0.1, 0.3, 0.5]), max_size=3),
    st.sampled_from([0, 0.2]),
)
def test_places_are_distinct_and_one_stays_with_taste(
    k: int, pins: list[int], shares: list[float], explore: float
) -> None:
    mask = np.ones(1, dtype=np.bool_)
    pinned = [Reserved(mask, rank=rank) for rank in pins]
    promoted = [Reserved(mask, share=share) for share in shares]
    slots = slots_of(ScoringSettings(k=k, explore_share=explore), pinned, promoted)
    ranks = [slot.rank for slot in slots]
    assert len(set(ranks)) == len(ranks) < max(k, 1) + (k == 0)
    assert all(1 <= rank <= k for rank in ranks)
    assert {pins[slot.which] for slot in slots if slot.policy == Policy.PINNED} <= set(pins)


def test_a_rules_file(tmp_path: Path) -> None:
    file, pairs = tmp_path / "rules.toml", tmp_path / "hidden.csv"
    file.write_text(RULES)
    pairs.write_text("user_id,item_id,why\n007,i1,gift\n007,i1,twice\n8,i2,\n")
    found = read_merchandise(str(file))
    assert found.pins == (Pin(item="i003", rank=1, first=DS, last=dt.date(2026, 3, 7)),)
    assert sorted(row["user_id"] for row in found.hidden_pairs().to_pylist()) == ["007", "8"]
    before = merchandise_input(str(file))
    pairs.write_text("user_id,item_id\n8,i2\n")
    assert merchandise_input(str(file)) != before
    assert merchandise_input("") == {}
    items = pd.DataFrame(
        {
            "item_id": ["i003", "b", "c"],
            "brand": [None, "Nord", "x"],
            "category": ["Home > Mugs", None, "Homes"],
        }
    )
    rules = reserved(no_rules(3), items, found, DS)
    assert rules.promoted[0].items.tolist() == [True, True, False]
    assert [one.items.tolist() for one in rules.take(np.array([0])).pinned] == [[True]]
    assert reserved(no_rules(3), items, found, dt.date(2026, 3, 8)).pinned == ()


def test_hidden_pairs_in_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"item_id": ["i"], "user_id": ["u"]}), tmp_path / "h.parquet")
    (tmp_path / "rules.toml").write_text('hidden = "h.parquet"')
    found = read_merchandise(str(tmp_path / "rules.toml")).hidden_pairs()
    assert found.to_pylist() == [{"user_id": "u", "item_id": "i"}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[pins]]\nitem = 'a'\nrank = 0", "pins.0.rank"),
        ("[[pins]]\nitem = 'a'\nrank = 1\n[[pins]]\nitem = 'b'\nrank = 1", "a and b are pinned to place 1"),
        ("[[pins]]\nitem = 'a'\nrank = 1\nfirst = 2026-02-02\nlast = 2026-02-01", "is before first"),
        ("[[promotions]]\nname = 'x'\nshare = 0.1", "names no brands, categories or items"),
        ("[[promotions]]\nname = 'x'\nshare = 0.9\nitems = ['a']", "promotions.0.share"),
        ("margin = 2", "margin"),
        ("[[pins", "cannot be read"),
        ("hidden = 'gone.csv'", "cannot be read"),
    ],
)
def test_a_wrong_rule_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(SettingsError, match=told):
        read_merchandise(str(tmp_path / "rules.toml"))
    with pytest.raises(SettingsError, match="cannot be read"):
        read_merchandise(str(tmp_path / "none.toml"))


def test_hidden_pairs_without_a_column(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('hidden = "h.csv"')
    (tmp_path / "h.csv").write_text("user,item_id\na,b\n")
    with pytest.raises(SettingsError, match="hidden pairs"):
        read_merchandise(str(tmp_path / "rules.toml")).hidden_pairs()
