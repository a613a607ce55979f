"""Lists as JSON texts, one key each."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.scoring.export.night import NightTable

if TYPE_CHECKING:
    from redis import Redis

LEFT_OUT = ("dataset_id", "dataset_pins", "score_raw", "score_content", "score_rank", "raw_rank")
"""Columns that a served row does not need."""
KEYS_AT_ONCE = 500  # keys that are written in one command

ROW = '{"rank":'  # every row starts like this, and no text within a row can: its quotes are escaped


@dataclass(frozen=True)
class Keys:
    """Names of the keys of one table in one night."""

    prefix: str

    def of(self, value: str) -> str:
        """The key for a user, an item or a category."""
        return self.prefix + value


def write(client: "Redis", table: NightTable, keys: Keys, batch_rows: int) -> Iterator[int]:
    """Sends all lists; yields the number of rows of each batch once the server has them."""
    columns = _columns(table)
    for batch in table.batches(batch_rows, [table.key, *columns]):
        values, lists = as_lists(batch, table.key, columns)
        for start in range(0, len(values), KEYS_AT_ONCE):
            _send(
                client,
                [keys.of(value) for value in values[start : start + KEYS_AT_ONCE]],
                lists[start : start + KEYS_AT_ONCE],
            )
        yield batch.num_rows


def _columns(table: NightTable) -> list[str]:
    left_out = {table.key, "rank", "ds", *LEFT_OUT}
    return ["rank", *(name for name in table.schema.names if name not in left_out)]


def as_lists(batch: pa.RecordBatch, key: str, columns: list[str]) -> tuple[list[str], list[str]]:
    """Keys in order, and for each the JSON array of its rows in the order of rank."""
    if not batch.num_rows:
        return [], []
    rows = pa.Table.from_batches([batch]).sort_by([(key, "ascending"), ("rank", "ascending")])
    frame = rows.select(columns).to_pandas()
    text = frame.to_json(
        orient="records", lines=True, double_precision=15, force_ascii=False, date_format="iso"
    )
    lines = text.rstrip("\n").split("\n")
    values = rows[key].combine_chunks()
    names = values.to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    stops = [*starts[1:], len(names)]
    lists = [f"[{','.join(lines[start:stop])}]" for start, stop in zip(starts, stops, strict=True)]
    return [str(name) for name in names[starts]], lists


def _send(client: "Redis", names: list[str], lists: list[str]) -> None:
    pipeline = client.pipeline(transaction=False)
    for name, text in zip(names, lists, strict=True):
        pipeline.set(name, text, nx=True)
    for name, text, new in zip(names, lists, pipeline.execute(), strict=True):
        if not new:  # the list was split at the end of a batch or of a file
            client.set(name, _joined(str(client.get(name)), text))


def _joined(first: str, second: str) -> str:
    rows = sorted([*json.loads(first), *json.loads(second)], key=lambda row: int(row["rank"]))
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def count(client: "Redis", table: NightTable, keys: Keys, batch_rows: int) -> tuple[int, int]:
    """Rows and lists of a table as the server holds them, each list counted once."""
    rows = lists = 0
    counted = pa.array([], pa.string())
    for batch in table.batches(batch_rows, [table.key]):
        found = pc.unique(batch.column(table.key))
        new = found.filter(pc.invert(pc.is_in(found, value_set=counted)))
        counted = pa.concat_arrays([counted, new])
        names = [keys.of(value) for value in new.to_pylist()]
        for start in range(0, len(names), KEYS_AT_ONCE):
            texts = client.mget(names[start : start + KEYS_AT_ONCE])
            present = [str(text) for text in texts if text is not None]
            lists += len(present)
            rows += sum(text.count(ROW) for text in present)
    return rows, lists
