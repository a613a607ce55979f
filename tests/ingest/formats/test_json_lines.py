"""JSON lines: the fast and the slow way agree, and no line is lost whatever it holds."""

import datetime as dt
import io
import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from causalrec.config.feed import FeedLayout, FillDown
from causalrec.contracts import load_contract
from causalrec.ingest.formats import json_lines as jsonlines
from causalrec.ingest.formats.batch import Origin
from causalrec.ingest.formats.fill_down import Above
from causalrec.ingest.formats.json_lines import read_json_lines
from causalrec.ingest.formats.json_objects import spans_lines
from causalrec.ingest.formats.layout import Layout

LANDING = load_contract("landing_events")
ORIGIN = Origin("a.jsonl", dt.date(2026, 3, 1), 100)
ROW: dict[str, Any] = {
    "event_id": "e1",
    "event_time": "2026-03-01T12:00:00Z",
    "user_id": "u1",
    "item_id": "i1",
    "event_type": "view",
}


def parse(data: bytes, max_row_bytes: int = 2_000, **feed: object) -> list[dict[str, Any]]:
    layout = Layout(FeedLayout.model_validate(feed))
    batches = read_json_lines(io.BytesIO(data), LANDING, ORIGIN, max_row_bytes, layout)
    return [row for batch in batches for row in batch.to_pylist()]


def line(**changes: object) -> bytes:
    return json.dumps(ROW | changes).encode() + b"\n"


def test_good_row() -> None:
    (row,) = parse(line(price=2, position=3, arrival_date="2026-02-28"))
    assert row | ROW | {"event_time": None} == row | {"event_time": None}
    assert row["event_time"] == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    assert (row["price"], row["position"]) == (2.0, 3)
    assert row["source_arrival_date"] == dt.date(2026, 2, 28)
    assert (row["arrival_date"], row["source_file"], row["source_line"]) == (
        dt.date(2026, 3, 1),
        "a.jsonl",
        1,
    )
    assert (row["reason"], row["detail"], row["raw"], row["unknown"]) == (None, None, None, None)


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (line(arrival_date="soon"), "invalid_type", "arrival_date: 'soon' is not a date YYYY-MM-DD"),
        (line(item_id=7), "invalid_type", "item_id: 7 is not text"),
        (
            line(event_time="2026-03-01T12:00:00"),
            "invalid_type",
            "event_time: '2026-03-01T12:00:00' is not an ISO",
        ),
        (line(item_id=None), "missing_required", "item_id is missing"),
        (line(item_id=None, price="x"), "missing_required", "item_id is missing"),
        (line(item_id=3, user_id=None), "missing_required", "user_id is missing"),
        (b'{"event_id": "e1"', "unparseable", "not JSON: "),
        (b"[1, 2]", "unparseable", "no JSON object"),
        (b'"text"', "unparseable", "no JSON object"),
        (b'{"a": 1} {"b": 2}', "unparseable", "not JSON: Extra data"),
        (b'{"event_id": "e1", "event_id": "e2"}', "unparseable", "not JSON: a key appears twice"),
        (b'{"event_id": "\xff"}', "unparseable", "not UTF-8 at byte 15"),
        (b'{"event_id": "a\x00b"}', "unparseable", "not JSON: Invalid control character"),
        (line(event_id="\ud800"), "invalid_type", "event_id: '\\ud800' is not valid Unicode"),
        (line(policy="x" * 3_000), "bad_text", "the row is longer than 2,000 bytes"),
        (b'{"a":' * 100_000, "bad_text", "the row is longer"),
    ],
)
def test_rejected_rows(data: bytes, reason: str, detail: str) -> None:
    (row,) = parse(data)
    assert row["reason"] == reason
    assert row["detail"].startswith(detail)
    assert row["raw"]
    assert len(row["raw"]) <= ORIGIN.max_raw_chars


def test_deep_nesting_does_not_crash_the_parser() -> None:
    deep = b'{"zz":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    (row,) = parse(deep, max_row_bytes=1_000_000)
    assert row["reason"] == "unparseable"


def test_invalid_bytes_and_nul_are_kept_as_escapes() -> None:
    rows = parse(b'{"event_id": "\xff\x00"}')
    assert rows[0]["raw"] == '{"event_id": "\\xff\\x00"}'


def test_lines_keep_their_numbers() -> None:
    data = (
        b"\xef\xbb\xbf"
        + line()
        + b"\r\n\n"
        + b"garbage\n"
        + b"  "
        + line().strip()
        + b"  \r\n"
        + line().strip()
    )
    assert [(row["source_line"], row["reason"]) for row in parse(data)] == [
        (1, None),
        (4, "unparseable"),
        (5, None),
        (6, None),
    ]


def test_one_bad_line_among_many() -> None:
    rows = parse(line() * 1_000 + b"garbage\n" + line() * 1_000)
    assert [row["source_line"] for row in rows] == list(range(1, 2_002))
    assert [row["source_line"] for row in rows if row["reason"]] == [1_001]


def test_unknown_keys_are_named_where_they_hold_a_value() -> None:
    rows = parse(line(zebra=1, apple={"x": [1]}) + line(zebra=None) + line())
    assert [row["unknown"] for row in rows] == ["apple", None, None]


def test_unknown_keys_that_the_shop_ignores_are_not_named() -> None:
    data = line(apple=1) + line(pear=None) + line(apple=1, price="x")  # the last one is read by itself
    assert [row["unknown"] for row in parse(data, extra_columns="ignore")] == [None, None, None]


def test_objects_across_lines_are_not_glued_together() -> None:
    two = line().strip() + line()
    half = b'{"event_id": "x",\n"user_id": "y"}\n'
    assert [row["reason"] for row in parse(two + half)] == ["unparseable"] * 3


GARBAGE = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ).map(lambda tree: json.dumps(tree).encode()),
    st.dictionaries(
        st.sampled_from([*LANDING.column_names, "other", "Event_ID", " price "]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.sampled_from(["2026-03-01T12:00:00Z", "9999-12-31T23:59:59-12:00", "0000-01-01", "9999-12-31"]),
    ).map(lambda changes: json.dumps(ROW | changes).encode()),
).map(lambda data: data.replace(b"\n", b" "))


@pytest.mark.slow
@given(st.lists(GARBAGE, max_size=6))
@settings(max_examples=150, deadline=None)
def test_every_line_is_exactly_one_row(lines: list[bytes]) -> None:
    assume(not spans_lines(b"\n".join(lines)))
    rows = parse(b"\n".join(lines))
    strip = b" \t\r\n"
    numbers = [
        n
        for n, text in enumerate(lines, 1)
        if (text.removeprefix(b"\xef\xbb\xbf") if n == 1 else text).strip(strip)
    ]
    assert [row["source_line"] for row in rows] == numbers
    assert all((row["reason"] is None) == (row["raw"] is None) for row in rows)


@given(st.lists(GARBAGE.map(lambda data: data.strip()).filter(bool), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_the_fast_way_agrees_with_the_slow_one(lines: list[bytes]) -> None:
    block = b"".join(line + b"\n" for line in lines)
    how = jsonlines.JsonReading(LANDING, ORIGIN, 2_000, Layout(), Above(FillDown()))
    fast = jsonlines._native(block, 1, how)
    slow = jsonlines._slow(list(enumerate(lines, 1)), how).to_pylist()
    if fast is not None:
        quick = [row for batch in fast for row in batch.to_pylist()]
        good = [row for row in quick if row["reason"] is None]
        assert repr(good) == repr([row for row in slow if row["reason"] is None])
        assert [(row["reason"], row["detail"]) for row in quick] == [
            (row["reason"], row["detail"]) for row in slow
        ]


def test_keys_in_other_letters_are_read_and_may_not_stand_there_twice() -> None:
    other = {name.title(): value for name, value in ROW.items()}
    clean = (json.dumps(other) + "\n").encode()
    assert [(row["event_id"], row["reason"]) for row in parse(clean * 2)] == [(ROW["event_id"], None)] * 2
    assert parse(line(EVENT_ID="x"))[0]["detail"] == "not JSON: a key appears twice"


@pytest.mark.parametrize("extra", ['"x": [null, null]', '"x": [null, false]', '"x": {"y": [null, null]}'])
def test_lists_that_begin_with_null_are_read_by_the_slow_way(extra: str) -> None:
    """Arrow's parser gives such a column wrong lengths: an invalid array, or an error of its index."""
    first, second = (f'{{{extra}, "event_id": "e{n}"}}\n'.encode() for n in (1, 2))
    how = jsonlines.JsonReading(LANDING, ORIGIN, 2_000, Layout(), Above(FillDown()))
    assert jsonlines._native(first + second, 1, how) is None
    assert jsonlines._mapped(first + second, 1, how) is None
