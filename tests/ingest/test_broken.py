"""A damaged file stops its delivery, or is left out of it whole and named; those beside it are read."""

import bz2
import datetime as dt
import gzip
import lzma
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config import Settings
from causalrec.contracts import load_contract
from causalrec.errors import SourceError
from causalrec.ingest.broken import loaded_without_broken
from causalrec.ingest.check import check_landing
from causalrec.ingest.events import ingest_events
from causalrec.ingest.formats.batch import UNREADABLE
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.gate import BrokenFiles
from causalrec.ingest.header import check_header
from causalrec.ingest.mark import SourceFile
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import losses

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY, NEXT = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
LANDING = load_contract("landing_events")
HEADER = "event_id,event_time,user_id,item_id,event_type\n"


def by_arrow(data: bytes, codec: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def rows(first: int, count: int) -> bytes:
    numbers = range(first, first + count)
    lines = (f"e{i},2026-03-01T12:00:00Z,u{i},i{i * 7919 % 100_003},view\n" for i in numbers)
    return (HEADER + "".join(lines)).encode()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": partial(by_arrow, codec="zstd"),
    "lz4": partial(by_arrow, codec="lz4"),
}  # fmt: skip
TORN = gzip.compress(rows(5_000, 3_000))[:-400]
FILES = {"a.csv": rows(0, 40), "b.csv.zst": b"(", "c.csv.gz": TORN, "d.csv": rows(100, 20)}


@given(st.sampled_from(list(PACKED)), st.floats(0, 1, exclude_max=True), st.integers(0, 300))
@settings(max_examples=80, deadline=None)
def test_a_cut_is_seen_wherever_it_falls(
    tmp_path_factory: pytest.TempPathFactory, ending: str, share: float, count: int
) -> None:
    file = tmp_path_factory.mktemp("cut") / f"a.csv.{ending}"
    whole = PACKED[ending](rows(0, count))
    file.write_bytes(whole[: int(len(whole) * share)])
    try:
        check_header(str(file), LANDING)
    except SourceError as error:
        assert error.do == "deliver the file again"
        return
    limits = ReadLimits(10_000, 500)
    *_, last = (row for batch in read_file(str(file), "a", DAY, LANDING, limits) for row in batch.to_pylist())
    assert last["reason"] == UNREADABLE


def shop(work: Path, broken: str, *names: str) -> Settings:
    folder = work / "landing" / "events" / f"arrival_date={DAY}"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(FILES[name])
    return Settings.model_validate({"paths": {"work": work}, "landing": {"unread_files": broken}})


@pytest.mark.parametrize("broken", ["b.csv.zst", "c.csv.gz"])
@pytest.mark.parametrize(("choice", "beside"), [("refuse", "a.csv"), ("name", "")])
def test_a_look_refuses_what_a_night_refuses(tmp_path: Path, broken: str, choice: str, beside: str) -> None:
    found = check_landing(shop(tmp_path, choice, broken, *filter(None, [beside])))[-1]
    assert len(found.blocking) == 1
    assert found.rows >= (40 if beside else 0)


def test_a_look_at_the_files_beside(tmp_path: Path) -> None:
    found = check_landing(shop(tmp_path, "name", "a.csv", "b.csv.zst"))[-1]
    assert (found.blocking, found.rows, list(found.unread)) == ([], 40, ["b.csv.zst"])
    assert found.unread["b.csv.zst"].endswith(
        "it ends within the first bytes of zstd -> deliver the file again"
    )


def test_a_delivery_of_which_nothing_is_left_is_refused() -> None:
    files = [SourceFile(name, name, day) for day in (DAY, NEXT) for name in ("a", "b")]
    loads: list[list[str]] = []

    def load(given: Sequence[SourceFile]) -> int:
        loads.append([one.name for one in given])
        torn = [(one.arrival_date, one.name) for one in given if one.name in broken]
        for day in (DAY, NEXT):
            if found := [key for key in torn if key[0] == day]:
                raise BrokenFiles(found, f"events {day}", f"{found[0][1]}: EOFError")
        return len(given)

    broken = ["b"]
    rows, kept, lines = loaded_without_broken(load, files, LANDING, "name")
    assert (rows, [one.name for one in kept], loads) == (
        2,
        ["a", "a"],
        [["a", "b"] * 2, ["a", "a", "b"], ["a", "a"]],
    )
    assert [line.partition(", b: ")[0] for line in lines] == [
        f"LOST 1 of the files of events {day}" for day in (DAY, NEXT)
    ]
    broken = ["a", "b"]
    with pytest.raises(
        BrokenFiles, match=r'2 unreadable file\(s\), one is a: EOFError .* unread_files = "name"'
    ):
        loaded_without_broken(load, files, LANDING, "name")


@pytest.mark.spark
def test_a_night_loads_the_files_beside(tmp_path: Path, spark: "SparkSession") -> None:
    named = shop(tmp_path, "name", *FILES)
    lake = Lake(named.lake_root)
    refusing = named.model_copy(
        update={"landing": named.landing.model_copy(update={"unread_files": "refuse"})}
    )
    with pytest.raises(SourceError, match=r"b\.csv\.zst: it ends within the first bytes of zstd"):
        ingest_events(refusing, lake, Ledger(lake), spark, DAY)
    folder = tmp_path / "landing" / "events" / f"arrival_date={DAY}"
    outcome = ingest_events(named, lake, Ledger(lake), spark, DAY)[DAY]
    assert (outcome.rows_in, outcome.rows_out, outcome.rejects) == (60, 60, {})
    assert outcome.counters["files"] == 2
    first, second = losses(outcome.note)
    assert first.startswith(f"LOST 1 of the files of events {DAY}, {folder}/b.csv.zst: it ends within")
    assert second.startswith(f"LOST 1 of the files of events {DAY}, c.csv.gz: EOFError")
    assert lake.table("events").read().num_rows == 60
