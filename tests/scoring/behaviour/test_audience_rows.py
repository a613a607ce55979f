"""Who is told of an item, by ids; with a package that is written down."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from causalrec.config import Settings
from causalrec.ranking.markets import Markets
from causalrec.registry.versions import ModelVersion
from causalrec.scoring.behaviour import audience_rows as telling
from causalrec.scoring.behaviour.audience_rows import audience_rows
from tests.registry.shop import DS


def texts(*ids: str) -> Any:  # noqa: ANN401 - arrays of ids
    return np.array(ids, dtype=object)


def package(factorised: bool = True, tables: bool = True) -> Any:  # noqa: ANN401 - a stand-in
    """Users w, u, v; items c, a, b, of which w wants c, u wants a and v wants b most, then a."""
    users = np.array([[0, 0, 1], [3, 0, 0], [1, 2, 0]], np.float32)
    items = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32)
    rows = {"w": 0, "u": 1, "v": 2}
    return SimpleNamespace(
        item_ids=texts("c", "a", "b"), factorised=factorised,
        tables=lambda: SimpleNamespace(users=users, items=items) if tables else None,
        rows_of=lambda ids: np.array([rows.get(one, -1) for one in ids]),
    )  # fmt: skip


def found(
    monkeypatch: pytest.MonkeyPatch,
    *asked: str,
    made: Any = None,  # noqa: ANN401 - a package
    seen: Any = ((), ()),  # noqa: ANN401 - pairs
    may: int = 5,
    markets: Markets | None = None,
    **lists: int,
) -> tuple[list[tuple[str, int, str, float]], tuple[str, ...]]:
    dataset: Any = SimpleNamespace(
        user_ids=texts("cold", "u", "v", "w"), item_ids=texts("a", "b", "c", "d", "e"),
        items=pd.DataFrame({"item_id": ["a", "b", "c", "d", "e"]}), seen=np.array(seen, dtype=np.int32),
    )  # fmt: skip
    monkeypatch.setattr(telling, "needed_champion", lambda settings, lake: ModelVersion("s", "7", "r", ""))
    monkeypatch.setattr(telling, "opened", lambda version: nullcontext(made or package()))
    at = texts("DE", "AT", "DE", "DE")
    monkeypatch.setattr(telling, "published_markets", lambda markets, lake, ds, users: at)
    monkeypatch.setattr(telling, "offered", lambda *given: np.arange(5) < may)
    settings = Settings.model_validate(
        {"lists": {"audience_items": asked, "audience_size": 2, "audience_per_user": 1, **lists}}
    )
    lake: Any = None
    told = audience_rows(settings, lake, dataset, DS, markets)
    assert set(told.rows["model_version"].to_pylist()) <= {"7"}
    assert told.rows.schema == telling.SCHEMA
    rows = zip(
        *(told.rows[name].to_pylist() for name in ("item_id", "rank", "user_id", "score")), strict=True
    )
    return list(rows), told.notes


def test_the_best_users_of_each_item_in_the_order_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, "c", "a", "c") == (
        [("c", 1, "w", 1.0), ("a", 1, "u", 3.0), ("a", 2, "v", 1.0)],
        (),
    )
    rows, _ = found(monkeypatch, "a", "b", audience_per_user=2)
    assert rows == [("a", 1, "u", 3.0), ("a", 2, "v", 1.0), ("b", 1, "v", 2.0), ("b", 2, "u", 0.0)]


def test_who_has_an_item_is_not_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """u has a, the cold user has a, v has c: positions in the dataset."""
    rows, _ = found(monkeypatch, "a", "b", seen=((1, 0, 2), (0, 0, 2)))
    assert rows == [("a", 1, "w", 0.0), ("b", 1, "v", 2.0), ("b", 2, "u", 0.0)]
    rows, _ = found(monkeypatch, "b", "a", seen=((2,), (1,)))
    assert rows == [("b", 1, "w", 0.0), ("a", 1, "u", 3.0), ("a", 2, "v", 1.0)]


def test_nobody_is_told_of_what_their_market_does_not_sell(monkeypatch: pytest.MonkeyPatch) -> None:
    """u, who wants a most, is in Austria, where only b and c are sold."""
    markets = Markets.of(pd.Series([["DE"], None, ["AT", "DE"], None, None], dtype=object), "DE")
    rows, _ = found(monkeypatch, "a", "b", markets=markets)
    assert rows == [("a", 1, "w", 0.0), ("b", 1, "v", 2.0), ("b", 2, "u", 0.0)]


def test_items_without_an_audience_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "unknown to the model, or blocked"
    rows, notes = found(monkeypatch, "d", "nobody", "b", may=4)
    assert ({row[0] for row in rows}, notes) == (
        {"b"},
        (f"no audience for d: {why}", f"no audience for nobody: {why}"),
    )
    assert found(monkeypatch, "b", may=1) == ([], (f"no audience for b: {why}",))
    assert found(monkeypatch, "b", made=package(tables=False)) == ([], ())
    assert found(monkeypatch, "b", "d", made=package(factorised=False)) == (
        [], ("champion version 7 has no states: no audiences",),
    )  # fmt: skip
