"""Team draft on lists so small that the turns can be counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.ranking.draft import CONTROL, RIVAL, draft
from causalrec.ranking.rerank import Cap


def drafted(
    ours: list[int],
    theirs: list[int],
    coins: list[bool],
    room: int | None = None,
    caps: tuple[Cap, ...] = (),
    there: tuple[int, ...] = (),
) -> list[tuple[int, int]]:
    """(item, side) of a single user's list."""
    sides = (np.array([ours], dtype=np.int64), np.array([theirs], dtype=np.int64))
    elsewhere = np.array([there], dtype=np.int64) if there else None
    space = np.array([len(coins) if room is None else room])
    found = draft(sides, np.array([coins]), space, caps, elsewhere)
    rows = zip(found.items[0], found.sides[0], strict=True)
    return [(int(item), int(side)) for item, side in rows if item >= 0]


@pytest.mark.parametrize(
    ("coins", "list_"),
    [
        ([False] * 4, [(1, 0), (3, 1), (2, 0), (4, 1)]),
        ([True] * 4, [(3, 1), (1, 0), (2, 1), (5, 0)]),  # 2 is the rival's next, and then ours is 5
        ([False, True] * 2, [(1, 0), (3, 1), (2, 1), (5, 0)]),  # a coin per round, not per place
    ],
)
def test_in_each_round_the_coin_says_who_chooses_first(
    coins: list[bool], list_: list[tuple[int, int]]
) -> None:
    assert drafted([1, 2, 5, 6], [3, 2, 4, 1], coins) == list_


def test_an_odd_list_ends_with_the_winner_of_the_last_coin() -> None:
    assert drafted([1, 2, 5], [3, 2, 4], [True, False, True])[-1] == (2, CONTROL)
    assert drafted([1, 2, 5], [3, 2, 4], [True, True, True])[-1] == (2, RIVAL)


def test_who_has_nothing_left_gives_the_turn_to_the_other() -> None:
    assert drafted([1, -1, -1], [3, 4, 5], [True] * 3) == [(3, 1), (1, 0), (4, 1)]
    assert drafted([1, -1], [1, -1], [False] * 2) == [(1, CONTROL)]
    assert drafted([], [7, 8], [False] * 2) == [(7, RIVAL), (8, RIVAL)]


def test_places_filled_elsewhere_leave_less_room() -> None:
    assert drafted([1, 2], [3, 4], [False] * 4, room=1) == [(1, CONTROL)]
    assert drafted([1, 2], [3, 4], [False] * 4, room=0) == []


def test_a_cap_counts_the_rows_of_both_and_what_is_there_already() -> None:
    brands = np.array([9, 0, 0, 0, 1, -1, -1], dtype=np.int32)
    ours, theirs = [1, 2, 5, 6], [3, 2, 4, 5]
    assert drafted(ours, theirs, [False] * 4, caps=(Cap(brands, 2),)) == [(1, 0), (3, 1), (5, 0), (4, 1)]
    assert drafted(ours, theirs, [False] * 4, caps=(Cap(brands, 1),)) == [(1, 0), (4, 1), (5, 0), (6, 0)]
    taken = drafted([1, 5], [3, 6], [False] * 2, caps=(Cap(brands, 1),), there=(2, -1))
    assert taken == [(5, CONTROL), (6, RIVAL)]


RANKING = st.permutations(range(8))


@given(RANKING, RANKING, st.lists(st.booleans(), min_size=6, max_size=6))
@settings(max_examples=100, deadline=None)
def test_teams_are_even_and_a_pick_is_the_best_that_was_left(
    ours: list[int], theirs: list[int], coins: list[bool]
) -> None:
    """The definition, item by item; and the first k of each ranking are enough."""
    found = drafted(ours, theirs, coins)
    assert found == drafted(ours[:6], theirs[:6], coins)
    there: list[int] = []
    for place, (item, side) in enumerate(found):
        ranking = theirs if side == RIVAL else ours
        assert item == next(one for one in ranking if one not in there)
        if place % 2 == 0:
            assert side == int(coins[place // 2])
        there.append(item)
    assert [side for _, side in found].count(RIVAL) == 3
