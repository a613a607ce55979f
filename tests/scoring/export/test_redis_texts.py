"""Lists as JSON texts, sent and counted, without a server."""

import json
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from causalrec.lake import Lake
from causalrec.scoring.export import read_night, redis_lists
from causalrec.scoring.export.redis_lists import Keys, as_lists, count, write

from .nights import DS, NASTY, publish_night

KEYS = Keys("p:")


class Client:
    """Keeps texts by key."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.sizes: list[int] = []

    def pipeline(self, transaction: bool = True) -> "Client":
        assert not transaction
        self.asked: list[tuple[str, str]] = []
        return self

    def set(self, name: str, text: str, nx: bool = False) -> None:
        if nx:
            self.asked.append((name, text))
        else:
            self.held[name] = text

    def execute(self) -> list[bool | None]:
        self.sizes.append(len(self.asked))
        new: list[bool | None] = [name not in self.held or None for name, _ in self.asked]
        self.held = dict(self.asked) | self.held
        return new

    def get(self, name: str) -> str:
        return self.held[name]

    def mget(self, names: list[str]) -> list[str | None]:
        self.sizes.append(len(names))
        return [self.held.get(name) for name in names]


def test_rows_of_a_list_are_one_text_in_the_order_of_rank() -> None:
    rows = [("b", 2, "y", 0.1), ("a", 1, NASTY, None), ("b", 1, "x", 1 / 3)]
    batch = pa.RecordBatch.from_pylist(
        [dict(zip(("user_id", "rank", "item_id", "score"), row, strict=True)) for row in rows]
    )
    names, texts = as_lists(batch, "user_id", ["rank", "item_id", "score"])
    assert names == ["a", "b"]
    assert [json.loads(text) for text in texts] == [
        [{"rank": 1, "item_id": NASTY, "score": None}],
        [
            {"rank": 1, "item_id": "x", "score": pytest.approx(1 / 3, abs=1e-15)},
            {"rank": 2, "item_id": "y", "score": 0.1},
        ],
    ]
    assert texts[1].startswith('[{"rank":1,"item_id":"x"')
    assert "☕" in texts[0]
    assert as_lists(batch.slice(0, 0), "user_id", ["rank"]) == ([], [])


@pytest.mark.parametrize("batch_rows", [3, 1000])
def test_lists_split_by_batches_are_whole_again(
    lake: Lake, batch_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_night(lake, DS, users=5, k=4, lists=False)
    (table,) = read_night(lake, DS).tables
    monkeypatch.setattr(redis_lists, "KEYS_AT_ONCE", 2)
    client: Any = Client()
    assert sum(write(client, table, KEYS, batch_rows)) == 20
    assert max(client.sizes) <= 2
    assert sorted(client.held) == [f"p:u{user:04d}" for user in range(5)]
    for user, text in enumerate(sorted(client.held)):
        rows = json.loads(client.held[text])
        assert [row["rank"] for row in rows] == [1, 2, 3, 4]
        assert set(rows[0]) == {*table.schema.names} - {
            "user_id", "ds", "dataset_id", "dataset_pins", "score_raw", "score_content", "score_rank",
            "raw_rank",
        }  # fmt: skip
        assert rows[1]["score"] == pytest.approx(1 / (6 + user))
        assert rows[1]["reason_text"] == NASTY
    client.sizes.clear()
    assert count(client, table, KEYS, batch_rows) == (20, 5)
    assert max(client.sizes) <= 2
    del client.held["p:u0003"]
    assert count(client, table, KEYS, batch_rows) == (16, 4)


def test_a_text_within_a_row_is_not_counted_as_a_row() -> None:
    table: Any = SimpleNamespace(
        key="k", batches=lambda rows, columns: [pa.RecordBatch.from_pydict({"k": ["a", "a", "b"]})] * 2
    )
    client: Any = Client()
    client.held = {"p:a": '[{"rank":1,"t":"{\\"rank\\":"},{"rank":2}]', "p:b": "[]"}
    assert count(client, table, KEYS, 9) == (2, 2)
