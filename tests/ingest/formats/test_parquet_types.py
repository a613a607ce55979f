"""Types under which other software writes texts and times to Parquet; no Spark."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config.feed import FeedLayout
from causalrec.contracts import load_contract
from causalrec.errors import ContractError
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.parquet_types import plain_type
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.header import check_header

DAY = dt.date(2026, 3, 1)
LANDING = load_contract("landing_events")
IDS = [uuid.UUID(int=1), uuid.UUID(int=2)]
BERLIN = Layout(FeedLayout(naive_times="shop"), "Europe/Berlin")
MAPPED = Layout(FeedLayout.model_validate({"naive_times": "shop", "columns": {"price": "event_id"}}))


def read(work: Path, layout: Layout, **columns: pa.Array) -> list[dict[str, Any]]:
    """Rows of a file in the contract's layout, with these columns instead of its own."""
    times = pa.array([dt.datetime(2026, 3, 1, tzinfo=dt.UTC)] * 2)
    own = {"event_id": pa.array(["1", "2"]), "event_time": times, "user_id": pa.array(["u", "v"])}
    table = pa.table({**own, "item_id": ["i", "j"], "event_type": ["view"] * 2, **columns})
    pq.write_table(table, work / "a.parquet")
    check_header(str(work / "a.parquet"), LANDING, layout)
    limits = ReadLimits(9_999, 99)
    batches = read_file(str(work / "a.parquet"), "a.parquet", DAY, LANDING, limits, layout)
    return [row for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("users", "read_as"),
    [
        (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
        (pa.array([b"a", b"b"]), ["a", "b"]),
        (pa.array([b"a", b"b"], pa.large_binary()), ["a", "b"]),
        (pa.array([b"a", b"b"], pa.binary_view()), ["a", "b"]),
        (pa.array([b"aa", b"bb"], pa.binary(2)), ["aa", "bb"]),
        (pa.array([one.bytes for one in IDS], pa.uuid()), [str(one) for one in IDS]),
    ],
)
@pytest.mark.parametrize("layout", [Layout(), MAPPED])
def test_a_text_is_read_whatever_its_type(
    tmp_path: Path, users: pa.Array, read_as: list[str], layout: Layout
) -> None:
    found = read(tmp_path, layout, user_id=users)
    assert [(row["user_id"], row["reason"]) for row in found] == [(one, None) for one in read_as]


@pytest.mark.parametrize("kind", [pa.binary(), pa.binary(2)])
def test_bytes_that_are_no_text_cost_their_row_alone(tmp_path: Path, kind: pa.DataType) -> None:
    found = read(tmp_path, Layout(), user_id=pa.array([b"\xff\xfe", b"bb"], kind))
    assert [(row["user_id"], row["reason"]) for row in found] == [(None, "bad_text"), ("bb", None)]
    assert found[0]["detail"] == "user_id: it is not UTF-8"


@pytest.mark.parametrize("layout", [BERLIN, Layout(MAPPED.feed, "Europe/Berlin")])
@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_a_date_is_the_first_instant_of_its_day(tmp_path: Path, layout: Layout, kind: pa.DataType) -> None:
    days = pa.array([dt.date(2026, 2, 20), dt.date(2026, 7, 1)], kind)
    found = read(tmp_path, layout, event_time=days)
    at = [dt.datetime(2026, 2, 19, 23, tzinfo=dt.UTC), dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)]
    assert [row["event_time"] for row in found] == at


def test_a_date_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="say whose clock it is"):
        read(tmp_path, Layout(), event_time=pa.array([DAY] * 2))


def test_views_inside_others_become_plain() -> None:
    views = pa.struct([("a", pa.list_(pa.string_view())), ("b", pa.large_list(pa.binary_view()))])
    plain = pa.struct([("a", pa.list_(pa.string())), ("b", pa.large_list(pa.binary()))])
    assert plain_type(views) == plain
    assert plain_type(pa.decimal128(9, 2)) == pa.decimal128(9, 2)
