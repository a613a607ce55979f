"""Files of every common kind, named well or badly: read by what they are, or refused by name with a cure."""

import bz2
import csv
import datetime as dt
import gzip
import io
import json
import lzma
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.feed import FeedLayout
from causalrec.contracts import load_contract
from causalrec.errors import CausalrecError, ContractError, SourceError
from causalrec.ingest.formats.json_objects import one_per_line
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.header import check_header

LANDING = load_contract("landing_events")
DAY = dt.date(2026, 3, 1)
NAMES = ["event_id", "event_time", "user_id", "item_id", "event_type", "session_id"]
ROWS = [[f"e{i}", "2026-03-01T12:00:00Z", f"u{i}", "gr\u00f6\u00dfe, 50 %", "view", "s"] for i in range(3)]


def read(file: Path, max_row_bytes: int = 100_000, **feed: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    layout = Layout(FeedLayout.model_validate(feed))
    check_header(str(file), LANDING, layout, max_row_bytes)
    batches = read_file(str(file), file.name, DAY, LANDING, ReadLimits(max_row_bytes, 1_000), layout)
    return [row for batch in batches for row in batch.to_pylist()]


def kept(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    assert [row["detail"] for row in rows if row["reason"]] == []
    return [(row["event_id"], row["user_id"], row["item_id"]) for row in rows]


EXPECTED = [(row[0], row[2], row[3]) for row in ROWS]


def table(delimiter: str = ",", names: list[str] = NAMES, above: str = "", end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([names, *ROWS])
    return above + text.getvalue()


def objects(indent: int | None = None) -> list[str]:
    return [json.dumps(dict(zip(NAMES, row, strict=True)), indent=indent, ensure_ascii=False) for row in ROWS]


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("__MACOSX/._a.csv", b"x")
        archive.writestr("a.csv", data)
    return buffer.getvalue()


def by_arrow(data: bytes, codec: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(data)
    return bytes(sink.getvalue())


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress,
    "zstd": partial(by_arrow, codec="zstd"), "lz4": partial(by_arrow, codec="lz4"), "zip": zipped,
    "two gzip members": lambda data: gzip.compress(data[:70]) + gzip.compress(data[70:]),
    "two bzip2 streams": lambda data: bz2.compress(data[:70]) + bz2.compress(data[70:]),
    "padded xz": lambda data: lzma.compress(data[:70]) + bytes(8) + lzma.compress(data[70:]) + bytes(4),
}  # fmt: skip


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl.zst", "A.CSV", "part-0000.c000"])
def test_compressions_whatever_the_name(tmp_path: Path, packed: str, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(PACKED[packed](table().encode()))
    assert kept(read(file)) == EXPECTED


@pytest.mark.parametrize("packed", ["gzip", "bzip2", "xz", "zstd", "lz4", "zip"])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, packed: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(PACKED[packed](table().encode())[:-15])
    with pytest.raises(SourceError, match=r"a\.csv cannot be read"):
        read(file)


ENDINGS = {"gzip": "gz", "bzip2": "bz2", "xz": "xz", "zstd": "zst", "lz4": "lz4", "zip": "zip"}
AGAIN = "-> deliver the file again$"


@pytest.mark.parametrize("packed", ENDINGS)
def test_damaged_bytes_are_never_taken_for_an_encoding_or_a_header(tmp_path: Path, packed: str) -> None:
    file = tmp_path / f"a.csv.{ENDINGS[packed]}"
    whole = PACKED[packed](table().encode())
    for kept_bytes in range(9):
        file.write_bytes(whole[:kept_bytes])
        with pytest.raises(SourceError, match=AGAIN):
            read(file)
    for damaged in (b"\x00" + whole[1:], bytes(200), b"x", b"gone\nwrong\n"):
        file.write_bytes(damaged)
        with pytest.raises(SourceError, match=AGAIN):
            read(file)


@pytest.mark.parametrize("packed", ["gzip", "bzip2", "xz", "zstd", "lz4"])
def test_a_second_stream_with_a_damaged_start_is_not_passed_over(tmp_path: Path, packed: str) -> None:
    file = tmp_path / "a.csv"
    second = PACKED[packed](table().encode())
    file.write_bytes(second + b"?" + second[1:])
    with pytest.raises(SourceError, match=AGAIN):
        read(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [table(), "\n".join(objects()), f"[{','.join(objects(2))}]"])
def test_encodings_that_their_first_bytes_show(tmp_path: Path, encoding: str, text: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(text.encode(encoding))
    assert kept(read(file)) == EXPECTED


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("latin-1", "windows-1252"),
        ("cp1252", "windows-1252"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32-le", "utf-32-le"),
        ("utf-32-be", "utf-32-be"),
    ],
)
def test_encodings_that_must_be_named(tmp_path: Path, encoding: str, said: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(table().encode(encoding))
    with pytest.raises(SourceError, match=f'expected UTF-8, found .* encoding = "{said}"'):
        read(file)
    assert kept(read(file, encoding=encoding)) == EXPECTED


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("shift_jis", "\u65e5\u672c"), ("windows-1251", "\u041f\u0440\u0438"), ("gb18030", "\u4e2d\u56fd")],
)
def test_other_alphabets_are_not_called_western(tmp_path: Path, encoding: str, word: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(table().replace("gr\u00f6\u00dfe, 50 %", word).encode(encoding))
    with pytest.raises(SourceError, match="as in another alphabet -> name the encoding of the export"):
        read(file)
    assert [row["item_id"] for row in read(file, encoding=encoding)] == [word] * 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("above", ["", "# export of 2026-03-01\n", "\n\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_line_ends_and_lines_above_the_header(
    tmp_path: Path, delimiter: str, above: str, end: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(table(delimiter, above=above.replace("\n", end), end=end).encode())
    assert kept(read(file)) == EXPECTED
    file.write_bytes(table(delimiter, above=f"sep={delimiter}{end}", end=end).encode())
    assert kept(read(file)) == EXPECTED


def test_headers_that_differ_by_case_blanks_and_nameless_columns(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("Event_ID, EVENT_TIME ,user_id, item_id,event_type,\n1,2026-03-01T12:00:00Z,u,i,view,\n")
    assert kept(read(file)) == [("1", "u", "i")]
    file.write_text("1,2026-03-01T12:00:00Z,u,i,view,s\n")
    with pytest.raises(
        ContractError, match=r"no name of the contract: 1, 2026.*the 6 columns.*header = \[.event_id"
    ):
        read(file)
    assert kept(read(file, header=NAMES)) == [("1", "u", "i")]


@pytest.mark.parametrize(
    "text",
    [
        f"[{','.join(objects())}]",
        "[\n" + ",\n".join(objects(1)) + "\n]\n",
        "\n".join(objects(4)),
        "\r\n".join(objects()),
        f"[{objects()[0]}]\n[{objects()[1]}]\n{objects(2)[2]}",
    ],
)
def test_json_in_every_form(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    assert kept(read(file)) == EXPECTED


def test_an_array_that_is_not_closed_makes_the_file_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(f"[{','.join(objects())}")
    last = read(file)[-1]
    assert (last["reason"], last["detail"]) == ("unreadable_file", "EOFError: the file ends inside object 4")


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
TREES = st.dictionaries(
    st.text(max_size=3), st.recursive(SCALARS, lambda t: st.lists(t, max_size=3), max_leaves=5)
)


@pytest.mark.slow
@given(st.lists(TREES, min_size=1, max_size=6), st.sampled_from([None, 0, 3]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_an_array_of_anything_comes_out_as_its_elements(
    trees: list[dict[str, Any]], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(trees, indent=indent, ensure_ascii=ascii_only)
    stream = one_per_line(io.BytesIO(text.encode()), 10_000)
    assert [json.loads(line) for line in stream] == trees


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"ORC\x00", "an ORC file -> export it as Parquet"),
        (b"Obj\x01avro", "an Avro file"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\x02\x21\x4c\x18", "compressed with LZ4 of the old kind"),
        (lzma.compress(b"x", lzma.FORMAT_ALONE), "compressed with LZMA"),
        (b"\x1f", "binary data of a kind that is not read"),
        (random.Random(1).randbytes(5_000), "binary data of a kind that is not read"),
        (struct.pack("<500d", *range(500)), "binary data of a kind that is not read"),
        (b"  <!DOCTYPE html><html>", "HTML or XML"),
        (gzip.compress(b"<?xml version='1.0'?>", mtime=0), "HTML or XML"),
        (gzip.compress(b"PAR1xxxx", mtime=0), "a Parquet file inside gzip"),
        (b"\x00" * 257 + b"ustar", "a tar archive"),
    ],
)
def test_other_kinds_are_refused_by_name(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(data)
    with pytest.raises(SourceError, match=said):
        read(file)


@pytest.mark.parametrize("files", [("xl/workbook.xml", "xl/a.xml"), ("a.csv", "b.csv")])
def test_archives_of_several_files_are_refused(tmp_path: Path, files: tuple[str, ...]) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in files:
            archive.writestr(name, "x")
    with pytest.raises(SourceError, match="Excel workbook" if "xl" in files[0] else "with 2 files"):
        read(file)


def _parquet(file: Path, times: pa.Array, **options: Any) -> None:  # noqa: ANN401 - of pyarrow's writer
    columns = {name: pa.array([row[i] for row in ROWS]) for i, name in enumerate(NAMES)}
    pq.write_table(pa.table(columns | {"event_time": times}), file, **options)


def test_times_of_parquet(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    noon = dt.datetime(2026, 3, 1, 12)
    _parquet(file, pa.array([noon] * 3), use_deprecated_int96_timestamps=True)
    assert {row["event_time"] for row in read(file)} == {noon.replace(tzinfo=dt.UTC)}  # as Spark defines it
    _parquet(file, pa.array([noon] * 3))
    with pytest.raises(ContractError, match='naive_times = "UTC"'):
        read(file)
    assert {row["event_time"] for row in read(file, naive_times="UTC")} == {noon.replace(tzinfo=dt.UTC)}
    seconds = int(noon.replace(tzinfo=dt.UTC).timestamp())
    for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        _parquet(file, pa.array([seconds * factor] * 3))
        with pytest.raises(ContractError, match="epoch_unit"):
            read(file)
        assert {row["event_time"] for row in read(file, epoch_unit=unit)} == {noon.replace(tzinfo=dt.UTC)}


def test_ids_that_are_numbers_and_row_numbers_of_pandas(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    _parquet(file, pa.array([row[1] for row in ROWS]))
    frame = pq.read_table(file).append_column("__index_level_0__", pa.array([0, 1, 2]))
    pq.write_table(frame, file)
    assert kept(read(file)) == EXPECTED
    pq.write_table(frame.set_column(2, "user_id", pa.array([1, 2, 3])), file)
    with pytest.raises(
        ContractError, match=r"column user_id: expected string, found int64.* number_ids = true"
    ):
        read(file)
    assert [row["user_id"] for row in read(file, number_ids=True)] == ["1", "2", "3"]


def test_renamed_and_extra_columns_name_their_cure(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(table(names=[*NAMES[:3], "Product ID", *NAMES[4:]]))
    with pytest.raises(ContractError, match=r'\[landing.events.columns\] item_id = "Product ID"'):
        read(file)
    assert kept(read(file, columns={"item_id": "product id"}, extra_columns="ignore")) == EXPECTED
    file.write_text(table(names=[*NAMES[:5], "device"]))
    with pytest.raises(ContractError, match=r'column device: not expected.* extra_columns = "ignore"'):
        read(file)
    assert kept(read(file, extra_columns="ignore")) == EXPECTED
    file.write_text(table(names=[*NAMES[:5], "d" * 50_000]))
    with pytest.raises(ContractError, match=r"column d{80}: not expected"):  # not all of it
        read(file)


@pytest.mark.parametrize("form", ["csv row", "json row", "parquet cell", "header"])
@pytest.mark.slow
def test_memory_stays_small_where_a_cell_is_huge(tmp_path: Path, form: str) -> None:
    file = tmp_path / "a.csv.gz"
    huge = b"x" * 60_000_000
    good = "\n".join(objects()).encode() if form == "json row" else table().encode()
    if form == "parquet cell":
        columns = {name: pa.array([row[i] for row in ROWS]) for i, name in enumerate(NAMES)}
        long = pa.table(columns | {"item_id": pa.array([huge.decode(), "i", "i"])})
        pq.write_table(long, file)
        del long, columns
    else:
        text = (
            huge + b"\n" + good if form == "header" else good + b"\n" + huge + b"\n" + good.split(b"\n")[-1]
        )
        file.write_bytes(gzip.compress(text, 1))
        del text
    del huge
    tracemalloc.start()
    try:
        if form == "header":
            with pytest.raises(CausalrecError, match="longer than 100,000 bytes"):
                read(file)
        else:
            rows = read(file)
            assert [row["reason"] for row in rows].count("bad_text") == 1
            assert sum(row["reason"] is None for row in rows) >= 2
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000


def test_a_header_of_many_columns_is_linear(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(",".join([*NAMES, *["item_id"] * 300_000]) + "\n")
    with pytest.raises(ContractError, match="column item_id: expected once, found 300001 times"):
        read(file, max_row_bytes=4_000_000)


def test_ids_are_trimmed_and_have_one_unicode_form(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    row = dict(zip(NAMES, ROWS[0], strict=True))
    ids = [" caf\u00e9\u00a0", "cafe\u0301", "  padded", "007"]
    file.write_text("".join(json.dumps(row | {"user_id": one}) + "\n" for one in ids))
    assert [one["user_id"] for one in read(file)] == ["caf\u00e9", "caf\u00e9", "padded", "007"]
