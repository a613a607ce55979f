"""Rows of the tables of vectors, and what an objective is expected to cost, by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.ranking.vectors import ItemVectors, UserVectors
from causalrec.scoring import raw_list as raw
from causalrec.scoring.objective import _expected
from causalrec.scoring.raw_list import RawList, _ranked, raw_list
from causalrec.scoring.vectors import _histories, _item_rows, _user_rows, _written_schema, vectors_input
from tests.registry.shop import DS, settings_in

ORIGIN = {"model_version": "3", "dataset_id": "d"}


def texts(*ids: str) -> Any:  # noqa: ANN401 - arrays of ids
    return np.array(ids, dtype=object)


def schema(tmp_path: Path, name: str) -> pa.Schema:
    found = _written_schema(Lake(str(tmp_path)), name)
    assert "ds" not in found.names
    return found


def test_rows_of_items(tmp_path: Path) -> None:
    catalogue: Any = SimpleNamespace(item_ids=texts("a", "b", "c"))
    vectors = np.array([[1, 2], [3, 4]], np.float32)
    found = ItemVectors(np.array([0, 2]), vectors, np.array([0.5, 0], np.float32), "dot")
    rows = _item_rows(found, catalogue, ORIGIN, schema(tmp_path, "item_vectors")).to_pylist()
    assert rows == [
        {"item_id": one, "vector": vector, "dim": 2, "log_factor": factor, "ordered_by": "dot", **ORIGIN}
        for one, vector, factor in (("a", [1.0, 2.0], 0.5), ("c", [3.0, 4.0], 0.0))
    ]


def test_rows_of_users_say_who_was_folded_in(tmp_path: Path) -> None:
    dataset: Any = SimpleNamespace(user_ids=texts("u", "v", "w"))
    found = UserVectors(np.array([1, 2]), np.array([[1, 2], [3, 4]], np.float32), np.array([True, False]))
    rows = _user_rows(found, dataset, ORIGIN, schema(tmp_path, "user_vectors")).to_pylist()
    assert [(row["user_id"], row["fallback"], row["vector"], row["dim"]) for row in rows] == [
        ("v", "fold_in", [1.0, 2.0], 2), ("w", None, [3.0, 4.0], 2),
    ]  # fmt: skip
    assert {row["model_version"] for row in rows} == {"3"}


def test_histories_are_of_what_is_offered() -> None:
    dataset: Any = SimpleNamespace(
        item_ids=texts("a", "c", "e", "z"), user_ids=texts("u", "v", "w"),
        seen=np.array([[0, 0, 2, 2], [0, 3, 1, 2]]),
    )  # fmt: skip
    catalogue: Any = SimpleNamespace(item_ids=texts("a", "b", "e"), size=3)
    found = _histories(dataset, catalogue)
    assert [found.of(user).tolist() for user in range(3)] == [[0], [], [2]]
    empty: Any = SimpleNamespace(item_ids=texts(), size=0)
    assert _histories(dataset, empty).lengths.tolist() == [0, 0, 0]


@pytest.mark.parametrize(("asked", "found"), [(True, {"vectors": "1"}), (False, {})])
def test_vectors_are_an_input_where_they_are_asked_for(asked: bool, found: dict[str, str]) -> None:
    assert vectors_input(Settings.model_validate({"export": {"vectors": asked}})) == found


def test_what_an_objective_costs_is_of_known_users_only() -> None:
    top = SimpleNamespace(
        rows=np.array([0, 0, 1]),
        columns=np.array([0, 1, 0]),
        scores=np.array([0.0, np.log(3), 50.0], np.float32),
    )
    users: Any = SimpleNamespace(users=texts("u", "cold"), lists=lambda *asked: top)
    package: Any = SimpleNamespace(rows_of=lambda ids: np.array([4, -1]))
    items: Any = SimpleNamespace(item_ids=texts("a", "b"))
    settings: Any = None
    worth = pd.Series({"b": 8.0, "c": 1.0})
    assert _expected(users, package, settings, items, worth) == pytest.approx((0.625, 3.0))
    package.rows_of = lambda ids: np.array([0, -1])
    assert _expected(users, package, settings, items, worth)[0] == pytest.approx(0.625)
    package.rows_of = lambda ids: np.array([-1, -1])
    assert _expected(users, package, settings, items, worth) == (0.0, 0.0)


def test_the_list_of_a_raw_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def ranked(one: Any) -> list[Any]:  # noqa: ANN401 - what an engine is asked
        asked.append(one)
        return [SimpleNamespace(items=np.array([2, 0])), SimpleNamespace(items=np.array([1]))]

    package: Any = SimpleNamespace(
        raw_engine=lambda settings, catalogue: SimpleNamespace(ranked=ranked),
        rows_of=lambda ids: np.array([{"u": 0}.get(one, -1) for one in ids]),
    )
    catalogue: Any = SimpleNamespace(item_ids=texts("a", "b", "c"))
    scoring = settings_in(Path("/nowhere")).scoring

    def told(user: str = "u") -> RawList:
        return _ranked(scoring, package, catalogue, user, ("c", "gone", "a"), 3)

    assert told() == RawList(("c", "a", "b"))
    assert (asked[0].k, asked[0].past.of(0).tolist()) == (3, [2, 0])
    assert "only knows users it was trained on" in told("nobody").why_not
    package.raw_engine = lambda settings, catalogue: None
    assert told().why_not.startswith("Nothing was adjusted")

    def gone(*asked: object) -> None:
        raise RegistryError("it is gone", do="nothing")

    monkeypatch.setattr(raw, "connect", lambda settings: None)
    monkeypatch.setattr(raw, "by_number", gone)
    nothing: Any = None
    found = raw_list(settings_in(Path("/nowhere")), nothing, DS, nothing, "3", "u", (), 3)
    assert found == RawList(why_not="Model version 3 is no longer available: it is gone.")
