"""The published tables of one date, pinned and read in bounded batches."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.errors import ScoringError
from causalrec.lake import Lake
from causalrec.lake.snapshot import DataFile, Snapshot
from causalrec.lake.write import held_digest
from causalrec.pipeline import LISTS, VECTORS

PUBLISHED = "recommendations"
KEYS = {
    PUBLISHED: "user_id",
    "similar_items": "item_id",
    "popular_items": "category",
    "complements": "item_id",
    "substitutes": "item_id",
    "cart_lists": "user_id",
    "buy_again": "user_id",
    "trending_items": "category",
    "recent_items": "user_id",
    "audiences": "item_id",
    "item_vectors": "item_id",
    "user_vectors": "user_id",
}
"""Table -> column by which readers look up its rows: ``LISTS``, and those that a shop configures."""
NAMED: Mapping[str, tuple[str, ...]] = {
    "user": ("user_id",),
    "item": ("item_id", "similar_item_id", "other_item_id", "because_item_id", "reason_item_id"),
}
"""Kind -> columns of the published tables that hold its ids."""
ID_DIGITS = 10
RANK = "rank"


def newest_night(lake: Lake) -> dt.date:
    """The last date that was published.

    Raises:
        ScoringError: none was.
    """
    table = lake.table(PUBLISHED)
    days = table.upto("ds", dt.date.max.isoformat()) if table.exists() else []
    if not days:
        raise ScoringError("nothing has been published yet", do="run a night first")
    return dt.date.fromisoformat(days[-1])


@dataclass(frozen=True)
class NightTable:
    """One table at a pinned version.

    Attributes:
        key: column by which readers look up rows. Rows of a list are ordered by ``rank``; a table without it
            has one row per key.
        night: the date and a hash of the rows, so that equal rows have the same name.
    """

    name: str
    key: str
    night: str
    rows: int
    snapshot: Snapshot
    files: tuple[DataFile, ...]

    @property
    def schema(self) -> pa.Schema:
        """Columns as the contract declares them, ``ds`` included."""
        return self.snapshot.schema

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Columns that name a row."""
        return (self.key, RANK) if RANK in self.schema.names else (self.key,)

    def batches(self, rows: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows, at most ``rows`` at a time, in no particular order."""
        yield from self.snapshot.batches(list(self.files), columns, rows)

    def lists(self, rows: int) -> int:
        """Distinct values of the key; memory grows with them, not with the rows."""
        found = pa.array([], self.schema.field(self.key).type)
        for batch in self.batches(rows, [self.key]):
            found = pc.unique(pa.concat_arrays([found, pc.unique(batch.column(self.key))]))
        return len(found)


@dataclass(frozen=True)
class Night:
    """All tables with rows of a date; ``empty`` names lists and vectors without."""

    ds: dt.date
    tables: tuple[NightTable, ...]
    empty: tuple[str, ...]

    @property
    def name(self) -> str:
        """The date and a hash of the content of all tables."""
        return _named(self.ds, ",".join(table.night for table in self.tables))

    def only_lists(self) -> "Night":
        """The same without tables whose rows have no rank."""
        lists = tuple(table for table in self.tables if RANK in table.schema.names)
        return replace(self, tables=lists, empty=tuple(name for name in self.empty if name not in VECTORS))


def read_night(lake: Lake, ds: dt.date) -> Night:
    """Pins the tables that were published for ``ds``.

    Raises:
        ScoringError: no recommendations were published for the date.
        PinError: a data file is gone.
    """
    found = [_table(lake, name, key, ds) for name, key in KEYS.items()]
    tables = tuple(table for table in found if table is not None)
    if not tables or tables[0].name != PUBLISHED:
        raise ScoringError(f"nothing was published for {ds}", do="run the night of this date first")
    present = {table.name for table in tables}
    expected = (*LISTS, *(name for name in VECTORS if lake.table(name).exists()))
    return Night(ds, tables, tuple(name for name in expected if name not in present))


def _table(lake: Lake, name: str, key: str, ds: dt.date) -> NightTable | None:
    snapshot = lake.table(name).snapshot()
    if snapshot is None:
        return None
    partition = {"ds": ds.isoformat()}
    digest = held_digest(snapshot, partition)
    if digest.rows == 0:
        return None
    files = snapshot.select({"ds": [ds.isoformat()]})
    return NightTable(name, key, _named(ds, digest.hex), digest.rows, snapshot, tuple(files))


def _named(ds: dt.date, content: str) -> str:
    return f"{ds.isoformat()}.{hashlib.sha256(content.encode()).hexdigest()[:ID_DIGITS]}"
