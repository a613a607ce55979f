"""Who waits for an answer, from the ledger and the decisions alone."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from causalrec.registry.champion.promotions import Decision, Word
from causalrec.registry.promotion.waits import WAITING, Waits, who_waits

DS = dt.date(2026, 3, 1)


def at(minute: int) -> dt.datetime:
    return dt.datetime(2026, 3, 2, 1, minute, tzinfo=dt.UTC)


def ran(job: str, minute: int, waiting: int | None = None, status: str = "success", **counters: float) -> Any:  # noqa: ANN401 - a row of the ledger, as far as it is read
    told = counters if waiting is None else {**counters, WAITING: float(waiting)}
    return SimpleNamespace(job=job, status=status, counters=told, finished_at=at(minute))


def said(word: Word, version: str, minute: int = 0, by: str = "hand") -> Decision:
    return Decision(word, "1", version, "run", "eva", "", DS, {"by": by}, at(minute))


def test_the_newest_challenger_waits_since_it_passed() -> None:
    assert who_waits([], []) is None
    rows = [ran("train", 1), ran("promote", 2, 4), ran("score", 3), ran("promote", 5, 4)]
    assert who_waits(rows, []) == Waits(4, at(2))
    assert who_waits([ran("promote", 2)], []) is None  # refused, or approved by itself
    assert who_waits([*rows, ran("train", 6)], []) is None  # a newer one, which nobody judged
    assert who_waits([*rows, ran("promote", 6, status="failed")], []) == Waits(4, at(2))
    assert who_waits([ran("promote", 2, 3), ran("promote", 4, 4)], []) == Waits(4, at(4))


def test_only_an_answer_by_hand_ends_the_wait() -> None:
    rows = [ran("promote", 2, 4)]
    answers: tuple[Word, ...] = ("promoted", "rejected", "tried")
    for word in answers:
        assert who_waits(rows, [said(word, "4")]) is None
        assert who_waits(rows, [said(word, "3", by="gate"), said(word, "4", by="gate")]) == Waits(4, at(2))
        assert who_waits(rows, [said(word, "3")]) == Waits(4, at(2))
    assert who_waits(rows, [said("left", "4")]) == Waits(4, at(2))


def test_after_its_experiment_a_version_waits_again() -> None:
    rows = [ran("promote", 2, 4), ran("experiment", 5, concluded=4.0), ran("experiment", 7, concluded=4.0)]
    assert who_waits(rows, [said("tried", "4", 3)]) == Waits(4, at(5))
    assert who_waits(rows, [said("tried", "4", 5)]) == Waits(4, at(7))
    assert who_waits(rows, [said("tried", "4", 7)]) is None
    assert who_waits(rows, [said("tried", "3", 3)]) == Waits(4, at(2))
    assert who_waits(rows, [said("tried", "4", 3), said("left", "4", 6)]) == Waits(4, at(5))
    assert who_waits(rows, [said("tried", "4", 3), said("rejected", "4", 6)]) is None
    failed = [rows[0], ran("experiment", 5, status="failed", concluded=4.0)]
    assert who_waits(failed, [said("tried", "4", 3)]) is None
