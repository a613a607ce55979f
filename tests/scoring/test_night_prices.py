"""The price of a cap is the smallest that keeps it, on lists that are written down."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from causalrec.ranking.item_rules import Capped
from causalrec.ranking.topk import TopK
from causalrec.scoring import night_caps
from causalrec.scoring.night_caps import FIRST, HALVINGS, HIGHEST, SURE, _Balance, _shares

Balance: Any = _Balance


def lists(*columns: list[int]) -> TopK:
    """One list of columns per user."""
    rows = np.repeat(np.arange(len(columns)), [len(one) for one in columns])
    flat = np.concatenate([np.array(one, dtype=np.int64) for one in columns])
    return TopK(rows, flat, flat, flat.astype(np.float32))


CAP = Capped(np.array([0, 0, 1, -1]), ("A", "B"), "brand", None, 0.5)


def balance(users: int = 2, everybody: int = 2, cap: Capped = CAP) -> Any:  # noqa: ANN401 - with stand-ins
    sample = SimpleNamespace(users=np.arange(users))
    return Balance(None, None, None, sample, everybody, [cap])


def test_shares_are_of_all_places() -> None:
    assert _shares(lists([0, 1, 2], [3]), CAP).tolist() == [0.5, 0.25]
    assert _shares(lists([]), CAP).tolist() == [0.0, 0.0]


def test_the_excess_has_room_for_what_a_sample_cannot_know() -> None:
    top = lists([0, 1], [2, 3])
    assert balance()._excess(top, 0, 0) == 0.0  # everybody is in the sample
    assert balance()._excess(top, 0, 1) == -0.25
    room = SURE * 0.5 * np.sqrt((1 - 2 / 8) / 2)
    assert balance(everybody=8)._excess(top, 0, 0) == pytest.approx(room)
    uncapped = Capped(CAP.codes, CAP.names, "brand", None, None)
    assert balance(cap=uncapped)._excess(top, 0, 0) == -0.5
    assert balance(users=3, everybody=3)._excess(top, 0, 0) == 0.0


class Priced(Balance):  # type: ignore[misc]
    """A share that falls as the price rises: above the cap below ``enough``."""

    enough = 1.0
    tried: list[float]

    def _lists(self) -> None:
        self.tried.append(float(self.prices[0][0]))

    def _excess(self, top: None, number: int, group: int) -> float:
        return 0.0 if self.prices[number][group] >= self.enough else 0.1


def priced(enough: float, start: float = 0.0) -> tuple[bool, float, list[float]]:
    made = Priced(None, None, None, SimpleNamespace(users=np.arange(2)), 2, [CAP])
    made.enough, made.tried = enough, []
    made.prices[0][0] = start
    return made._price(0, 0), float(made.prices[0][0]), made.tried


def test_the_smallest_price_is_found_by_doubling_and_halving() -> None:
    done, price, tried = priced(1.0)
    assert done
    assert tried[:3] == [FIRST, 0.75, 1.75]
    assert len(tried) == 3 + HALVINGS
    assert 1.0 <= price <= 1.0 + 1.0 / 2**HALVINGS
    done, price, tried = priced(FIRST)
    assert (done, tried[0]) == (True, FIRST)
    assert price == FIRST
    done, price, tried = priced(5.0, start=4.0)
    assert tried[0] == 4.0 + FIRST
    assert 5.0 <= price <= 5.01


def test_the_highest_price_may_do_or_not() -> None:
    done, price, tried = priced(HIGHEST)
    assert (done, price) == (True, HIGHEST)
    assert max(tried) == HIGHEST
    done, price, _ = priced(HIGHEST + 1)
    assert (done, price) == (False, HIGHEST)


class Above(Balance):  # type: ignore[misc]
    def _lists(self) -> TopK:
        return lists([0, 1, 2, 2], [0, 2, 2, 2])


def test_the_group_that_exceeds_most_comes_first() -> None:
    low = Capped(CAP.codes, CAP.names, "brand", None, 0.25)
    made = Above(None, None, None, SimpleNamespace(users=np.arange(2)), 2, [CAP, low])
    assert made._above(set()) == (1, 1)
    assert made._above({(1, 1)}) == (0, 1)
    assert made._above({(1, 1), (0, 1)}) == (1, 0)
    assert made._above({(1, 1), (0, 1), (1, 0)}) is None
    exact = Capped(CAP.codes, CAP.names, "brand", None, 5 / 8)
    assert Above(None, None, None, SimpleNamespace(users=np.arange(2)), 2, [exact])._above(set()) is None


def test_groups_are_priced_until_none_exceeds(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rounds(Balance):  # type: ignore[misc]
        def _above(self, hopeless: set[tuple[int, int]]) -> tuple[int, int] | None:
            seen.append(set(hopeless))
            return next(above)

        def _price(self, number: int, group: int) -> bool:
            return group == 0

        def _priced(self) -> str:
            return "priced"

    seen: list[set[tuple[int, int]]] = []
    above = iter([(0, 0), (0, 1), (0, 0), None, (9, 9)])
    made = Rounds(None, None, None, SimpleNamespace(users=np.arange(2)), 2, [CAP])
    assert made.found() == "priced"
    assert seen == [set(), set(), {(0, 1)}, {(0, 1)}]
    monkeypatch.setattr(night_caps, "MOST_PRICES", 2)
    above = iter([(0, 0)] * 9)
    seen.clear()
    made.found()
    assert len(seen) == 2
