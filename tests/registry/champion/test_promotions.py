"""Decisions in the order of commits, whatever the clocks of their hosts said."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from causalrec.errors import ConflictError
from causalrec.lake import Lake
from causalrec.registry.champion import promotions
from causalrec.registry.champion.promotions import (
    MOVES,
    NOT_YET,
    TICK,
    Decision,
    Word,
    append_decision,
    champion_before,
    decided_champion,
    decisions,
    read_history,
)

from ..shop import DS

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def said(word: Word, before: str | None, version: str) -> Decision:
    return Decision(word, before, version, f"run {version}", "eva", "why", DS, {"by": "hand", "z": 1})


def test_what_was_decided_is_read_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(str(tmp_path))
    assert (decisions(lake), decided_champion(lake)) == ((), None)
    empty = read_history(lake)
    assert (empty.rows, empty.newest) == ((), None)
    rows = [said("promoted", None, "1"), said("kept", "1", "2"), said("promoted", "1", "3")]
    times = iter([NOW, NOW - dt.timedelta(hours=3), NOW + dt.timedelta(hours=1)])
    clock = SimpleNamespace(UTC=dt.UTC, datetime=SimpleNamespace(now=lambda zone: next(times)))
    monkeypatch.setattr(promotions, "dt", clock)
    for row in rows:
        append_decision(lake, row, read_history(lake))
    monkeypatch.undo()
    found = decisions(lake)
    assert [row.at for row in found] == [NOW, NOW + dt.timedelta(microseconds=1), NOW + dt.timedelta(hours=1)]
    assert [replace(row, at=NOT_YET, evaluation={"by": "hand", "z": 1}) for row in found] == rows
    assert [row.evaluation["run_id"] for row in found] == ["run 1", "run 2", "run 3"]
    assert len({row.key for row in found}) == 3
    assert found[0].key == NOW.isoformat()
    history = read_history(lake)
    assert (history.rows, history.newest) == (found, found[-1])
    assert dt.timedelta(microseconds=1) == TICK
    with pytest.raises(ConflictError):
        append_decision(lake, rows[0], replace(history, version=history.version - 1))
    assert decisions(lake) == found


def test_who_is_champion_and_who_was_before(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert champion_before(lake, "1") is None
    told: list[tuple[Word, str | None, str, str | None]] = [
        ("kept", None, "1", None), ("promoted", None, "1", "1"), ("rejected", "1", "2", "1"),
        ("promoted", "1", "3", "3"), ("tried", "3", "4", "3"), ("rolled_back", "3", "1", "1"),
        ("left", "1", "4", "1"), ("lost", "1", "1", None), ("promoted", None, "5", "5"),
    ]  # fmt: skip
    for word, before, version, champion in told:
        append_decision(lake, said(word, before, version), read_history(lake))
        found = decided_champion(lake)
        assert (None if found is None else found.version) == champion
    assert champion_before(lake, "1") == "3"  # when it last got the alias
    assert champion_before(lake, "3") == "1"
    assert champion_before(lake, "4") is None


def test_words_that_move_and_hands_that_decide() -> None:
    words: tuple[Word, ...] = ("promoted", "kept", "rejected", "left", "tried", "rolled_back", "lost")
    assert (
        tuple(word for word in words if said(word, None, "1").moves) == MOVES == ("promoted", "rolled_back")
    )
    assert said("kept", None, "1").by_hand
    assert not replace(said("kept", None, "1"), evaluation={}).by_hand
    assert not replace(said("kept", None, "1"), evaluation={"by": "gate"}).by_hand
