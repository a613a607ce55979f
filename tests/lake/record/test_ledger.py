"""What was done when; concurrent appends all land."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, Schema, write_deltalake

from causalrec.lake import Lake, Ledger, LedgerRow, Outcome, Pin, Written
from causalrec.lake.record.ledger import git_revision, new_row
from tests.lake.deaths import skewed

MARCH_1, MARCH_2 = dt.date(2026, 3, 1), dt.date(2026, 3, 2)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Lake(str(tmp_path / "lake")))


def row(
    job: str = "ingest",
    ds: dt.date = MARCH_1,
    mark: str = "f",
    failed: bool = False,
    outcome: Outcome | None = None,
) -> LedgerRow:
    return new_row(
        job=job,
        ds=ds,
        started_at=dt.datetime(2026, 3, 1, 3, tzinfo=dt.UTC),
        seconds=1.5,
        cpu_seconds=2.5,
        outcome=outcome or Outcome(),
        failed=failed,
        fingerprint=mark,
        inputs={"events": "d1"},
        code_version="0.1.0",
    )


def wrote(partition: str, digest: str, changed: bool = True, table: str = "events") -> Outcome:
    return Outcome(writes=(Written(table, partition, 4, 10, 100, digest, changed),))


def test_a_row_comes_back_as_it_went_in(ledger: Ledger) -> None:
    outcome = Outcome(
        rows_in=12,
        rows_out=10,
        rejects={"duplicate": 2},
        reads=(Pin("events", 3),),
        writes=(Written("events", "arrival_date=2026-03-01", 4, 10, 100, "d", True),),
        counters={"models": 1.0},
        note="größe",
    )
    given = row(outcome=outcome)
    ledger.record([given])
    (found,) = ledger.rows()
    assert found == given
    assert (found.rows_rejected, found.bytes_written, found.status) == (2, 100, "success")
    assert found.finished_at.tzinfo is not None
    assert found.reads == [{"table": "events", "version": 3}]


@pytest.mark.parametrize(
    ("outcome", "failed", "status"),
    [
        (Outcome(), False, "success"),
        (wrote("p", "d", changed=True), False, "success"),
        (wrote("p", "d", changed=False), False, "unchanged"),
        (Outcome(writes=(*wrote("p", "d", False).writes, *wrote("q", "e").writes)), False, "success"),
        (wrote("p", "d"), True, "failed"),
    ],
)
def test_status(outcome: Outcome, failed: bool, status: str) -> None:
    assert row(outcome=outcome, failed=failed).status == status


def test_nothing_recorded(ledger: Ledger) -> None:
    assert ledger.last_success("ingest", MARCH_1) is None
    assert ledger.successes("ingest") == {}
    assert ledger.partition_digests("events") == {}


def test_the_newest_success_counts(ledger: Ledger) -> None:
    ledger.record([row(mark="1"), row(ds=MARCH_2, mark="2")])
    ledger.record([row(mark="3", outcome=wrote("p", "d", changed=False))])
    ledger.record([row(mark="4", failed=True), row(job="other", mark="5")])
    last = ledger.last_success("ingest", MARCH_1)
    assert last is not None
    assert (last.fingerprint, last.status) == ("3", "unchanged")
    assert {ds: found.fingerprint for ds, found in ledger.successes("ingest").items()} == {
        MARCH_1: "3",
        MARCH_2: "2",
    }
    assert ledger.last_success("other", MARCH_2) is None


def test_partition_digests(ledger: Ledger) -> None:
    ledger.record([row(outcome=wrote("ds=1", "old"))])
    ledger.record([row(outcome=wrote("ds=1", "new")), row(ds=MARCH_2, outcome=wrote("ds=2", "later"))])
    ledger.record(
        [row(outcome=wrote("ds=1", "failed"), failed=True), row(outcome=wrote("ds=3", "x", table="other"))]
    )
    assert ledger.partition_digests("events") == {"ds=1": "new", "ds=2": "later"}
    assert ledger.partition_digests("events", MARCH_1) == {"ds=1": "new"}


def test_concurrent_records_all_land(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda index: ledger.record([row(mark=str(index))]), range(8)))
    assert sorted(found.fingerprint for found in ledger.rows()) == [str(index) for index in range(8)]


def test_the_revision_is_the_checkouts(root: Path) -> None:
    if not (root / ".git" / "HEAD").is_file():
        pytest.skip("not a git checkout")
    revision = git_revision()
    assert revision is not None
    assert len(revision) == 40


def test_order_is_that_of_the_table_whatever_the_clocks_say(ledger: Ledger) -> None:
    """A host an hour ahead recorded first; then one with the right clock, which stepped back meanwhile."""
    for hours, digest in ((1, "old"), (0, "newer"), (-5, "newest")):
        with skewed(hours):
            ledger.record([row(mark=digest, outcome=wrote("arrival_date=2026-03-01", digest))])
    last = ledger.last_success("ingest", MARCH_1)
    assert last is not None
    assert last.fingerprint == "newest"
    assert [found.fingerprint for found in ledger.rows()] == ["old", "newer", "newest"]
    assert ledger.partition_digests("events") == {"arrival_date=2026-03-01": "newest"}
    assert [found.recorded_in for found in ledger.rows()] == [1, 2, 3]


def test_rows_of_releases_without_numbers_come_first(tmp_path: Path) -> None:
    """A ledger from before the column: its rows keep their order by time, later ones follow."""
    lake = Lake(str(tmp_path / "lake"))
    table = lake.table("ledger")
    names = [name for name in table.schema.names if name != "recorded_in"]
    with skewed(3):
        tree = [{**asdict(row(mark=mark)), "recorded_in": 0} for mark in ("a", "b")]
    for line in tree:
        line |= dict.fromkeys(("rejects", "counters", "inputs"), "{}") | {"reads": "[]", "writes": "[]"}
    DeltaTable.create(
        table.location.uri,
        Schema.from_arrow(pa.schema([table.schema.field(n) for n in names])),
        partition_by=["ds"],
    )
    write_deltalake(
        table.location.uri, pa.Table.from_pylist(tree, schema=table.schema).select(names), mode="append"
    )
    ledger = Ledger(lake)
    ledger.record([row(mark="c")])
    assert [found.fingerprint for found in ledger.rows()] == ["a", "b", "c"]
    assert [found.recorded_in for found in ledger.rows()] == [0, 0, 3]


def test_rows_are_kept_until_another_run_adds_some(ledger: Ledger, tmp_path: Path) -> None:
    ledger.record([row(mark="1"), row(ds=MARCH_2, mark="2")])
    assert [found.fingerprint for found in ledger.rows()] == ["1", "2"]
    assert [found.fingerprint for found in ledger.rows(MARCH_2)] == ["2"]
    assert [found.fingerprint for found in ledger.rows(MARCH_1, "other")] == []
    Ledger(Lake(str(tmp_path / "lake"))).record([row(ds=MARCH_2, mark="3")])
    assert [found.fingerprint for found in ledger.rows(MARCH_2)] == ["2", "3"]
    assert [found.fingerprint for found in ledger.rows()] == ["1", "2", "3"]
