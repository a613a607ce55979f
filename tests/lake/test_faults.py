"""Damaged logs, missing files, foreign features, dead writers: broken for real."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from causalrec.errors import LakeError, PinError
from causalrec.lake import Lake, LakeTable

from .tables import ids, rows

pytestmark = pytest.mark.slow

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}

KILLED_WRITER = """
import os, signal, sys
from causalrec.lake import Lake, write
from tests.lake.tables import CONTRACTS, rows
real = write.commit_replacement
def die(*args):
    if sys.argv[2] == "after":
        real(*args)
    os.kill(os.getpid(), signal.SIGKILL)
write.commit_replacement = die
Lake(sys.argv[1], contracts=CONTRACTS.__getitem__).table("sales").replace(rows("new"), {"ds": "2026-03-01"})
"""


def kill_writer(lake: Lake, root: Path, moment: str) -> None:
    command = [sys.executable, "-c", KILLED_WRITER, lake.root, moment]
    ended = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert ended.returncode == -signal.SIGKILL


def parquet_files(table: LakeTable) -> list[Path]:
    return sorted(Path(table.location.uri).rglob("*.parquet"))


def log_file(table: LakeTable, version: int) -> Path:
    return Path(table.location.uri) / "_delta_log" / f"{version:020d}.json"


def test_killed_between_files_and_commit(lake: Lake, sales: LakeTable, root: Path) -> None:
    sales.replace(rows("old"), DAY)
    undisturbed = sales.replace(rows("new"), NEXT).digest
    kill_writer(lake, root, "before")
    assert ids(sales, ds="2026-03-01") == ["old"]
    assert len(parquet_files(sales)) == 3
    sales.replace(rows("newer"), NEXT)  # another partition: the orphan is not its business
    assert len(parquet_files(sales)) == 4
    again = sales.replace(rows("new"), DAY)
    assert (ids(sales, ds="2026-03-01"), again.digest) == (["new"], undisturbed)
    assert len(parquet_files(sales)) == 4  # old, new, and two of the other day
    assert sales.location.listing("_attempts") == []


def test_killed_after_the_commit(lake: Lake, sales: LakeTable, root: Path) -> None:
    sales.replace(rows("old"), DAY)
    kill_writer(lake, root, "after")
    assert ids(sales) == ["new"]
    sales.replace(rows("newest"), DAY)
    assert sales.location.listing("_attempts") == []
    assert ids(sales, version=2) == ["new"]  # the dead writer's version is still readable


def test_a_living_writer_is_left_alone(sales: LakeTable) -> None:
    from causalrec.lake.attempt import attempt

    sales.replace(rows("a"), DAY)
    snapshot = sales.created()
    with attempt(sales.location, [DAY], snapshot.version) as other:
        other_files = sales.store(_with_day(sales, "b"), other.id)
        sales.replace(rows("c"), DAY)
        assert snapshot.location.missing([file.path for file in other_files]) == []


def test_a_pinned_version_that_never_was(sales: LakeTable) -> None:
    with pytest.raises(PinError, match="sales@3: there is no such table"):
        sales.read(version=3)
    sales.replace(rows("a"), DAY)
    with pytest.raises(PinError, match="sales@3 is not readable"):
        sales.read(version=3)


def test_a_vacuumed_version(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), DAY)
    snapshot = sales.created()
    snapshot.delta.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(PinError, match=r"sales@1: 1 of 1 data files are gone"):
        sales.read(version=1)
    assert ids(sales) == ["b"]


def test_a_lost_data_file(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), NEXT)
    next(path for path in parquet_files(sales) if "2026-03-01" in str(path)).unlink()
    assert ids(sales, ds="2026-03-02") == ["b"]
    with pytest.raises(PinError, match="1 of 2 data files are gone"):
        sales.read()
    sales.replace(rows("a"), DAY)  # a rebuild mends it, even with the same rows
    assert ids(sales) == ["a", "b"]


@pytest.mark.parametrize("size", [0, 100, 1_000_000])
def test_a_data_file_of_another_size(sales: LakeTable, size: int) -> None:
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), NEXT)
    os.truncate(next(path for path in parquet_files(sales) if "2026-03-01" in str(path)), size)
    assert ids(sales, ds="2026-03-02") == ["b"]
    for attempt_to in (sales.read, sales.require_whole):
        with pytest.raises(PinError, match="1 of 2 data files have not the size that they were written with"):
            attempt_to()
    sales.replace(rows("again"), DAY)
    assert ids(sales) == ["again", "b"]


def test_a_data_file_whose_bytes_are_others(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    file = parquet_files(sales)[0]
    file.write_bytes(bytes(byte ^ 0x5A for byte in file.read_bytes()))
    with pytest.raises(PinError, match=r"sales@1: a data file cannot be read: .*Parquet"):
        sales.read()
    found = sales.created()
    with pytest.raises(PinError, match=r"sales@1: a data file cannot be read: .*Parquet"):
        list(found.batches(list(found.files), None, 1))
    sales.replace(rows("again"), DAY)
    assert ids(sales) == ["again"]


@pytest.mark.parametrize("left", [-40, 20])
def test_a_truncated_log_entry_is_one_line(sales: LakeTable, left: int) -> None:
    sales.replace(rows("a"), DAY)
    entry = log_file(sales, 1)
    entry.write_bytes(entry.read_bytes()[:left])
    with pytest.raises(LakeError, match=r"sales: the table log at .* is not readable: ") as raised:
        sales.read()
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


def test_an_empty_log_entry_is_not_taken_for_no_change(sales: LakeTable) -> None:
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), NEXT)
    entry = log_file(sales, 2)
    entry.write_bytes(b"")
    for use in (sales.read, lambda: sales.replace(rows("c"), DAY)):
        with pytest.raises(LakeError, match=r"sales@2: .* is empty, what it committed is lost -> restore it"):
            use()
    assert ids(sales, version=1) == ["a"]
    entry.unlink()
    sales.replace(rows("b"), NEXT)
    assert ids(sales) == ["a", "b"]


def test_a_lost_log_entry_is_one_line(sales: LakeTable) -> None:
    for name in "abc":
        sales.replace(rows(name), DAY)
    log_file(sales, 2).unlink()
    with pytest.raises(LakeError, match=r"sales: the table log at .* is not readable: ") as raised:
        sales.read()
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(
    "protocol",
    [
        {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"],
         "writerFeatures": ["deletionVectors"]},
        {"minReaderVersion": 2, "minWriterVersion": 5},
        {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["unheardOf"],
         "writerFeatures": ["unheardOf"]},
    ],
    ids=["deletion vectors", "column mapping", "unknown"],
)  # fmt: skip
def test_features_that_cannot_be_read_right(sales: LakeTable, protocol: dict[str, object]) -> None:
    sales.replace(rows("a"), DAY)
    log_file(sales, 2).write_text(json.dumps({"protocol": protocol}) + "\n")
    with pytest.raises(LakeError, match="sales"):
        sales.read()
    with pytest.raises(LakeError, match="sales"):
        sales.replace(rows("b"), DAY)


@pytest.mark.parametrize(
    "protocol",
    [
        {"minReaderVersion": 1, "minWriterVersion": 3},
        {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["rowTracking", "domainMetadata"]},
    ],
    ids=["check constraints", "row tracking"],
)
def test_features_that_cannot_be_kept(sales: LakeTable, protocol: dict[str, object]) -> None:
    sales.replace(rows("a"), DAY)
    log_file(sales, 2).write_text(json.dumps({"protocol": protocol}) + "\n")
    assert ids(sales) == ["a"]
    with pytest.raises(LakeError, match="needs writer version"):
        sales.replace(rows("b"), DAY)
    assert (ids(sales), sales.location.listing("_attempts")) == (["a"], [])


def _with_day(sales: LakeTable, *names: str) -> object:
    from causalrec.lake.guard import conform

    return conform(rows(*names), sales.schema, "sales", DAY)
