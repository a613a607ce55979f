"""The digest tells content, and nothing but content."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from causalrec.lake.digest import LONG_TEXT, Digest, digest_of

from .tables import UTC_MICROS

SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("n", pa.int64()),
        ("x", pa.float64()),
        ("ok", pa.bool_()),
        ("day", pa.date32()),
        ("at", UTC_MICROS),
        ("tags", pa.list_(pa.string())),
        ("vector", pa.list_(pa.float64())),
    ]
)
NUMBERS = st.floats(allow_nan=False, width=32)
ROW = st.fixed_dictionaries(
    {
        "text": st.none() | st.text(max_size=40),
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "x": st.none() | st.floats(allow_nan=False),
        "ok": st.none() | st.booleans(),
        "day": st.none() | st.dates(dt.date(1900, 1, 1)),
        "at": st.none() | st.datetimes(dt.datetime(1900, 1, 1), timezones=st.just(dt.UTC)),
        "tags": st.none() | st.lists(st.none() | st.text(max_size=12), max_size=4),
        "vector": st.none() | st.lists(st.none() | NUMBERS, max_size=4),
    }
)
ROWS = st.lists(ROW, max_size=12)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def one(value: object, kind: pa.DataType) -> str:
    return digest_of(pa.table({"c": pa.array([value], kind)})).hex


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_does_not_count(rows: list[dict[str, Any]], random: Any) -> None:  # noqa: ANN401
    shuffled = rows[:]
    random.shuffle(shuffled)
    assert digest_of(table(shuffled)) == digest_of(table(rows))


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 12))
def test_layout_does_not_count(rows: list[dict[str, Any]], cut: int) -> None:
    whole = table(rows)
    parts = digest_of(whole.slice(0, cut)) + digest_of(whole.slice(cut))
    chunked = pa.concat_tables([whole.slice(cut), whole.slice(0, cut)])
    assert parts == digest_of(whole) == digest_of(chunked)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6), ROW, st.sampled_from(SCHEMA.names))
def test_any_changed_value_changes_it(rows: list[dict[str, Any]], other: dict[str, Any], column: str) -> None:
    changed = [rows[0] | {column: other[column]}, *rows[1:]]
    assume(changed[0] != rows[0])
    assert digest_of(table(changed)) != digest_of(table(rows))


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_hex_is_read_back(rows: list[dict[str, Any]]) -> None:
    digest = digest_of(table(rows))
    assert Digest.parse(digest.hex) == digest
    assert digest.rows == len(rows)


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (None, "", pa.string()),
        ("", "\0", pa.string()),
        ("a", "a\0", pa.string()),
        ("12345678", "12345678\0", pa.string()),
        (None, 0, pa.int64()),
        (None, False, pa.bool_()),
        (None, [], pa.list_(pa.string())),
        ([], [None], pa.list_(pa.string())),
        ([None], [""], pa.list_(pa.string())),
        (["a", "b"], ["b", "a"], pa.list_(pa.string())),
        (["ab"], ["a", "b"], pa.list_(pa.string())),
        ([0.0], [0.0, 0.0], pa.list_(pa.float32())),
        ("x" * LONG_TEXT + "y", "x" * LONG_TEXT + "z", pa.string()),
    ],
)
def test_neighbours_differ(left: object, right: object, kind: pa.DataType) -> None:
    assert one(left, kind) != one(right, kind)


def test_same_meaning_same_digest() -> None:
    assert one(-0.0, pa.float64()) == one(0.0, pa.float64())
    assert one(7, pa.int32()) == one(7, pa.int64())
    assert one("é", pa.string()) == one("é", pa.large_string())
    assert one("a", pa.string()) == digest_of(pa.table({"c": pa.array(["a"]).dictionary_encode()})).hex


def test_swapped_columns_and_moved_values_differ() -> None:
    left = pa.table({"a": ["1", "2"], "b": ["3", "4"]})
    moved = pa.table({"a": ["1", "2"], "b": ["4", "3"]})
    renamed = pa.table({"b": ["1", "2"], "a": ["3", "4"]})
    assert len({digest_of(t).hex for t in (left, moved, renamed)}) == 3
    assert digest_of(left.select(["b", "a"])) == digest_of(left)


def test_an_added_column_of_nulls_changes_nothing() -> None:
    old = pa.table({"a": ["1", "2"]})
    assert digest_of(old.append_column("new", pa.nulls(2, pa.int64()))) == digest_of(old)


def test_duplicated_rows_count() -> None:
    assert digest_of(table([{"n": 1}, {"n": 1}])) != digest_of(table([{"n": 1}]))


def test_slices_of_nested_columns() -> None:
    values = pa.table({"c": pa.array([["a", "b"], None, [], ["c"]], pa.list_(pa.string()))})
    sliced = values.slice(1, 3).combine_chunks()
    assert digest_of(values.slice(1, 3)) == digest_of(pa.table({"c": sliced["c"].to_pylist()}))


def test_the_value_is_fixed_across_releases() -> None:
    """Stored digests must keep their meaning; this one was computed when the format was laid down."""
    fixed = table(
        [
            {"text": "größe", "n": -1, "x": 0.5, "ok": True, "day": dt.date(2026, 3, 1), "tags": ["a", None]},
            {"at": dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), "vector": [1.0, -2.5]},
        ]
    )
    assert digest_of(fixed).hex == "0000000000000002cfac8797d3009d2808c88306bac20319"


def test_no_collisions_among_close_values() -> None:
    numbers = np.arange(20_000)
    seen = {digest_of(pa.table({"n": [int(n)]})).hex for n in numbers[:500]}
    assert len(seen) == 500
    halves = digest_of(pa.table({"n": numbers, "m": numbers[::-1].copy()}))
    assert halves != digest_of(pa.table({"n": numbers, "m": numbers}))


def test_digests_of_earlier_releases_hold() -> None:
    """They stand in the footers of data files and in the ledger: what is there must not look changed."""
    first = {
        "text": "größe", "n": -7, "x": 0.1, "ok": True, "day": dt.date(2026, 3, 1),
        "at": dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), "tags": ["a", None, ""], "vector": [1.5, None],
    }  # fmt: skip
    texts = [{**first, "text": "x" * size} for size in (0, 7, 8, 9, LONG_TEXT, LONG_TEXT + 1)]
    last = {**first, "tags": [], "vector": [], "x": -0.0, "n": 2**63 - 1, "ok": False}
    found = digest_of(table([first, dict.fromkeys(SCHEMA.names), *texts, last]))
    assert found.hex == "00000000000000095c597d0ec84b80a5bb708d7544928bb1"
