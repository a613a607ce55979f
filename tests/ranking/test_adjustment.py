"""What a row that the adjustment moved says of it: decided by the looks of the item, not by its score."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.adjustment import SENTENCES, UNMOVED, Adjustment, ItemEvidence, sentences
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import from_positions

from .shop import catalogue, tables, user_states

SETTINGS = ScoringSettings()
NOBODY = from_positions(np.array([0]), np.empty(0, dtype=np.int64))
EVERY_OTHER = np.arange(8) % 2 == 0


def evidence(looks: list[int], responses: list[int]) -> ItemEvidence:
    """Of eight items; even ones carry a code, odd ones none."""
    names = np.where(EVERY_OTHER, "Acme", "")
    seen, answered = (np.array(counts, dtype=np.float32) for counts in (looks, responses))
    shop = replace(catalogue(tables(n_items=8)), confounders=names, looks=seen, responses=answered)
    return ItemEvidence.of(shop)


# the shop's rate is .5; item 0 is shown often and chosen little, item 7 the other way round
KNOWN = evidence([400, 100, 100, 100, 100, 100, 100, 20], [100, 100, 50, 50, 50, 70, 70, 20])


def test_often_and_rarely_are_the_ends_of_the_catalogue() -> None:
    assert np.flatnonzero(KNOWN.often).tolist() == [0]
    assert np.flatnonzero(KNOWN.rarely).tolist() == [7]


def test_more_and_less_need_two_standard_errors() -> None:
    # 100 looks at a rate of .5: five responses are one standard error
    assert np.flatnonzero(KNOWN.more).tolist() == [1, 5, 6, 7]
    assert np.flatnonzero(KNOWN.less).tolist() == [0]
    assert np.flatnonzero(KNOWN.code_less).tolist() == [0, 2, 4, 6]
    assert not KNOWN.code_more.any()


@pytest.mark.parametrize(
    ("item", "moved", "demand_out", "expected"),
    [
        (0, -6, False, Adjustment.LOWER_SHOWN_OFTEN_CHOSEN_LESS),
        (7, 6, False, Adjustment.HIGHER_SHOWN_RARELY_CHOSEN_MORE),
        (1, 6, False, Adjustment.HIGHER_CHOSEN_MORE),
        (1, -6, False, Adjustment.LOWER),  # chosen more than others: the looks do not explain it
        (2, 6, False, Adjustment.HIGHER),
        (2, 6, True, Adjustment.HIGHER_GENERAL_DEMAND),
        (1, 6, True, Adjustment.HIGHER_CHOSEN_MORE),  # it carries no code
        (0, 0, True, ""),
    ],
)
def test_codes(item: int, moved: int, demand_out: bool, expected: str) -> None:
    (found,) = KNOWN.codes(np.array([item]), np.array([moved]), np.array([demand_out]))
    assert found == expected


def test_without_looks_popularity_is_what_is_known() -> None:
    shop = replace(catalogue(tables(n_items=8)), popularity=np.array([9, 9, 4, 4, 4, 4, 1, 1], np.float32))
    bare = ItemEvidence.of(shop)
    items, moved = np.array([6, 1, 2, 2, 1, 6, 0]), np.array([7, -7, 7, -7, 7, -7, 0])
    codes = bare.codes(items, moved, np.zeros(7, dtype=np.bool_))
    assert codes.tolist() == [
        "higher_rarely_chosen", "lower_popular", "higher", "lower", "higher", "lower", ""
    ]  # fmt: skip


@given(
    st.lists(st.integers(0, 3), min_size=8, max_size=8), st.lists(st.integers(0, 9), min_size=8, max_size=8)
)
def test_any_counts_are_understood(answered: list[int], more: list[int]) -> None:
    looks = [a + b for a, b in zip(answered, more, strict=True)]
    found = evidence(looks, answered)
    assert not (found.often & found.rarely).any()
    assert not (found.more & found.less).any()
    assert not (found.code_more & found.code_less).any()


def test_sentences_name_the_code_and_exist_for_all() -> None:
    codes = np.array(["higher_general_demand", "", "lower_chosen_less"])
    compared = np.array([True, False, True])
    assert sentences(codes, np.array(["Acme", "Acme", ""]), compared).tolist() == [
        "ranked higher once the general demand for Acme is taken out",
        "",
        "ranked lower: chosen less than others when seen",
    ]
    assert set(SENTENCES) == set(Adjustment)
    assert sentences(np.array([""]), np.array(["Acme"]), np.array([True])).tolist() == [UNMOVED]


def test_the_engine_says_it_in_the_reason() -> None:
    """The raw model ranks the catalogue the other way round: what it has last stands first now."""
    known = tables(n_items=20, dim=1)
    users = np.ones((7, 1), dtype=np.float32)
    items = np.arange(20, dtype=np.float32)[:, None]
    known = replace(known, users=users, items=items, raw_users=users, raw_items=-items)
    shop = catalogue(known)
    looks = np.full(20, 100.0, dtype=np.float32)
    best = int(np.argmax(items[shop.model_rows, 0]))
    looks[best] = 10
    responses = looks * 0.2
    responses[best] = 9
    shop = replace(shop, looks=looks, responses=responses)
    (block,) = Engine(shop, SETTINGS, users=user_states(known)).recommend(np.zeros(1, np.int32), NOBODY, 3)
    assert block.items[0] == best
    assert block.adjustments.tolist() == ["higher_shown_rarely_chosen_more", "higher", "higher"]
    assert block.reason_texts[0] == (
        "fits what you chose as a whole; ranked higher: shown rarely, chosen more than others when seen"
    )
    silent = SETTINGS.model_copy(update={"adjusted_places": 0})
    (block,) = Engine(shop, silent, users=user_states(known)).recommend(np.zeros(1, np.int32), NOBODY, 3)
    assert set(block.adjustments) == {""}
    assert set(block.reason_texts) == {"fits what you chose as a whole"}
