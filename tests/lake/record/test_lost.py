"""A table that stands behind what the ledger knows of it."""

import datetime as dt
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from causalrec.lake import Lake, Ledger, LedgerRow, Outcome, Written
from causalrec.lake.record.ledger import LOST, new_row

DATES = [dt.date(2026, 3, 1), dt.date(2026, 3, 2), dt.date(2026, 3, 3)]
JOB, TABLE = "publish", "popular_items"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def write(lake: Lake, ds: dt.date, item: str = "i1") -> Written:
    """A partition of one row, and its row in the ledger."""
    table = lake.table(TABLE)
    texts = {column.name: "x" for column in table.schema if column.type == pa.string()}
    row = texts | {"rank": 1, "users": 1, "item_id": item, "ds": ds}
    written = table.replace(pa.Table.from_pylist([row], schema=table.schema), {"ds": ds.isoformat()})
    now = dt.datetime.now(dt.UTC)
    done = new_row(
        job=JOB, ds=ds, started_at=now, seconds=1, cpu_seconds=1, outcome=Outcome(writes=(written,)),
        failed=False, fingerprint="f", inputs={}, code_version="1",
    )  # fmt: skip
    Ledger(lake).record([done])
    return written


def cut(lake: Lake, versions: int = 1) -> None:
    """Deletes the newest entries of the table's log."""
    log = Path(lake.table(TABLE).location.uri) / "_delta_log"
    for entry in sorted(log.glob("*.json"))[-versions:]:
        entry.unlink()


def states(lake: Lake) -> list[tuple[int, str]]:
    return [(row.ds.day, row.status) for row in Ledger(lake).rows()]


def last(lake: Lake, ds: dt.date) -> LedgerRow | None:
    return Ledger(lake).last_success(JOB, ds)


def test_a_whole_table_has_lost_nothing(lake: Lake) -> None:
    write(lake, DATES[0])
    write(lake, DATES[0])
    write(lake, DATES[1])
    assert states(lake) == [(1, "success"), (1, "unchanged"), (2, "success")]
    assert Ledger(lake).losses([TABLE]) == []


def test_a_deleted_log_entry_undoes_the_runs_that_rest_on_it(lake: Lake) -> None:
    write(lake, DATES[0])
    for _ in range(2):
        write(lake, DATES[1])
    cut(lake)
    assert states(lake) == [(1, "success"), (2, LOST), (2, LOST)]
    assert last(lake, DATES[1]) is None
    assert Ledger(lake).rows()[-1].lost == {TABLE: 2}
    assert list(Ledger(lake).partition_digests(TABLE)) == ["ds=2026-03-01"]
    assert Ledger(lake).losses([TABLE]) == [
        "popular_items no longer has what publish wrote for 2026-03-02: its log was cut, or it is another "
        "table -> restore popular_items/_delta_log from a copy, or run publish again for this date; "
        "it counts as not done"
    ]
    assert Ledger(lake).losses(["events"]) == []
    write(lake, DATES[1])
    assert Ledger(lake).losses([TABLE]) == []
    assert last(lake, DATES[1]) is not None


def test_what_stood_before_the_lost_write_counts_again(lake: Lake) -> None:
    first = write(lake, DATES[0])
    write(lake, DATES[0], "i2")
    cut(lake)
    assert states(lake) == [(1, "success"), (1, LOST)]
    assert Ledger(lake).partition_digests(TABLE) == {"ds=2026-03-01": first.digest}


def test_a_version_that_was_committed_again_does_not_hide_the_loss(lake: Lake) -> None:
    for ds in DATES[:2]:
        write(lake, ds)
    cut(lake)
    assert write(lake, DATES[2]).version == 2
    assert states(lake) == [(1, "success"), (2, LOST), (3, "success")]


def test_another_table_of_the_name_and_none_at_all(lake: Lake) -> None:
    for ds in DATES[:2]:
        write(lake, ds)
    shutil.rmtree(lake.table(TABLE).location.uri)
    assert states(lake) == [(1, LOST), (2, LOST)]
    (said,) = Ledger(lake).losses([TABLE])
    assert "for 2026-03-01 to 2026-03-02 (2 dates)" in said
    write(lake, DATES[0])
    assert states(lake) == [(1, "success"), (2, LOST), (1, "success")]


def test_a_damaged_log_is_for_those_to_tell_who_read_the_table(lake: Lake) -> None:
    write(lake, DATES[0])
    for entry in (Path(lake.table(TABLE).location.uri) / "_delta_log").iterdir():
        if entry.is_file():
            entry.write_text("no json")
    assert states(lake) == [(1, "success")]
