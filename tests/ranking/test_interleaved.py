"""One list of two engines: who chose which row, whose reason it has, and which rules hold."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Ints
from causalrec.ranking.asked import Asked
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import Histories, from_positions
from causalrec.ranking.interleaved import Interleaved, coins
from causalrec.ranking.item_rules import Reserved
from causalrec.ranking.ranked import Ranked

from .shop import catalogue, tables, user_states

OURS, THEIRS = tables(9, 24), tables(9, 24, seed=8)
CATALOGUES = tuple(catalogue(of) for of in (OURS, THEIRS))
IDS = np.array([f"u{row}" for row in range(9)], dtype=object)
ROWS: Ints = np.arange(9, dtype=np.int32)
PAST = from_positions(np.full(9, 2), np.arange(18, dtype=np.int64))
NOBODY = Histories(np.zeros(10, dtype=np.int64), np.empty(0, dtype=np.int64))
SETTINGS = ScoringSettings(k=6, new_item_share=0)
ARM = "causalrec:x:new"


def both(
    ours: ScoringSettings = SETTINGS, theirs: ScoringSettings = SETTINGS, salt: str = "x", **rules: object
) -> Interleaved:
    first = replace(CATALOGUES[0], rules=replace(CATALOGUES[0].rules, **rules))  # type: ignore[arg-type]
    return Interleaved(
        Engine(first, ours, users=user_states(OURS)),
        Engine(CATALOGUES[1], theirs, users=user_states(THEIRS)),
        ARM,
        salt,
    )


def asked(seed: str = "2026-03-01", past: Histories = PAST) -> Asked:
    return Asked(ROWS, past, SETTINGS.k, IDS, seed)


def one(of: Interleaved, ask: Asked | None = None, rows: Ints = ROWS) -> Ranked:
    (block,) = of.ranked(asked() if ask is None else ask, rows)
    return block


def test_each_row_is_the_best_of_its_engine_that_was_left_and_has_its_scores_and_reasons() -> None:
    merged = both()
    found = one(merged)
    alone = [next(engine.ranked(asked())) for engine in (merged.control, merged.rival)]
    first = coins(IDS, "x/2026-03-01", SETTINGS.k)
    assert 0.2 < first.mean() < 0.8
    for user in range(9):
        mine = np.flatnonzero(found.users == user)
        assert found.ranks[mine].tolist() == [1, 2, 3, 4, 5, 6]
        assert (found.policies[mine] == ARM).sum() == 3
        assert (found.policies[mine[0]] == ARM) == first[user, 0]
        for side, policy in zip(alone, ("causalrec", ARM), strict=True):
            whole = side.users == user
            listed = dict(zip(side.items[whole], np.flatnonzero(whole), strict=True))
            chosen = mine[found.policies[mine] == policy]
            assert set(found.items[chosen]) <= set(listed)
            for row in chosen:
                same = listed[found.items[row]]
                for name in ("scores", "raw", "content", "reason_codes", "reason_texts", "because"):
                    assert getattr(found, name)[row] == getattr(side, name)[same]
                assert (found.places[row], found.raw_places[row]) == (
                    side.places[same], side.raw_places[same],
                )  # fmt: skip
    assert (found.propensity == 1).all()


def test_coins_depend_on_user_night_and_salt_and_on_nothing_else() -> None:
    found = one(both())
    small = SETTINGS.model_copy(update={"user_block": 2})
    parts = list(both(small, small).ranked(asked(), ROWS))
    assert len(parts) == 5
    assert np.concatenate([part.items for part in parts]).tolist() == found.items.tolist()
    assert np.concatenate([part.policies for part in parts]).tolist() == found.policies.tolist()
    for other in (one(both(), asked("2026-03-02")), one(both(salt="y"))):
        assert other.policies.tolist() != found.policies.tolist()
    tossed = coins(np.array([f"u{n}" for n in range(4_000)], dtype=object), "x/2026-03-01", 3)
    assert np.abs(tossed.mean(axis=0) - 0.5).max() < 0.03


def test_drawn_places_are_those_of_the_control() -> None:
    chosen = SETTINGS.model_copy(update={"explore_share": 0.3})
    pin = np.arange(24) == 20
    found = one(both(chosen, pinned=(Reserved(pin, rank=2),)))
    rules = replace(CATALOGUES[0].rules, pinned=(Reserved(pin, rank=2),))
    engine = Engine(replace(CATALOGUES[0], rules=rules), chosen, users=user_states(OURS))
    alone = next(engine.ranked(asked()))
    drawn = ~np.isin(found.policies, ["causalrec", ARM])
    same = alone.policies != "causalrec"
    assert set(found.policies[drawn]) == {"uniform", "pinned"}
    for name in ("users", "ranks", "items", "policies", "propensity", "reason_codes"):
        assert getattr(found, name)[drawn].tolist() == getattr(alone, name)[same].tolist()
    assert not {  # no item twice
        (user, item) for user, item in zip(found.users, found.items, strict=True)
        if ((found.users == user) & (found.items == item)).sum() > 1
    }  # fmt: skip


def test_what_one_may_not_list_the_other_does_not_and_caps_hold_for_the_whole_list() -> None:
    brands = np.arange(24, dtype=np.int32) % 8
    capped = SETTINGS.model_copy(update={"max_per_brand": 1})
    merged = both(capped, SETTINGS.model_copy(update={"exclude_seen": False}), brand=brands)
    found = one(merged)
    for user in range(9):
        items = found.items[found.users == user]
        assert not set(items) & set(PAST.of(user))
        assert len(items) == len({brands[item] for item in items}) == 6
    hidden = replace(asked(), hidden=from_positions(np.full(9, 1), found.items[::6].astype(np.int64)))
    again = one(merged, hidden)
    for user in range(9):
        assert found.items[6 * user] not in again.items[again.users == user]


def test_short_lists_and_strangers_have_their_labels() -> None:
    strangers = np.full(9, -1, dtype=np.int32)
    found = one(both(), asked(past=NOBODY), strangers)
    mine = found.policies == ARM
    assert set(found.fallback[mine]) == {"cold_user"}
    assert set(found.fallback[~mine]) == {""}
    one_brand = np.zeros(24, dtype=np.int32)
    short = one(both(SETTINGS.model_copy(update={"max_per_brand": 2}), brand=one_brand))
    assert set(short.fallback) == {"caps_reached"}
    assert np.bincount(short.users).tolist() == [2] * 9


def test_both_must_rank_the_same_items_and_coins_need_names() -> None:
    other = CATALOGUES[1].only(CATALOGUES[1].item_ids[1:])
    with pytest.raises(ValueError, match="different items"):
        Interleaved(
            Engine(CATALOGUES[0], SETTINGS, users=user_states(OURS)),
            Engine(other, SETTINGS, users=user_states(THEIRS)),
            ARM,
            "x",
        )
    with pytest.raises(ValueError, match="ids"):
        next(both().ranked(Asked(ROWS, PAST, 6), ROWS))
