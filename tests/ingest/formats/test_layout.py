"""Rows that one row of a file makes, and times that are written in a way of their own."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from causalrec.config.feed import FeedLayout
from causalrec.contracts import load_contract
from causalrec.ingest.formats.casts import cast
from causalrec.ingest.formats.layout import Layout, LeftOut
from causalrec.ingest.formats.notation import InvalidValue, Notation
from causalrec.ingest.formats.values import convert_text

DAY = dt.date(2026, 3, 1)
LANDING = load_contract("landing_events")


def made(explode: str, item: str, row: dict[str, Any]) -> list[tuple[Mapping[str, object], object]]:
    """Part of the row and item id, or why there is none."""
    feed = FeedLayout.model_validate({"explode": explode, "columns": {"item_id": item}})
    return [
        (part, ours.why if isinstance(ours, LeftOut) else ours["item_id"])
        for part, ours in Layout(feed).rows(row, LANDING, DAY)
    ]


def test_every_element_of_the_lists_on_a_path_is_a_row() -> None:
    row = {"page": 1, "orders": [{"no": 1, "lines": [{"sku": "a"}, {"sku": "b"}]}, {"no": 2, "lines": []}]}
    assert made("orders.lines", "orders.lines.sku", row) == [
        ({"page": 1, "orders": [{"no": 1, "lines": [{"sku": "a"}]}]}, "a"),
        ({"page": 1, "orders": [{"no": 1, "lines": [{"sku": "b"}]}]}, "b"),
        ({"page": 1, "orders": [{"no": 2, "lines": []}]}, "orders.lines is empty"),
    ]
    parts = [part for part, _ in made("orders.lines", "orders.lines.sku", row)]
    assert [made("orders.lines", "orders.lines.sku", dict(part))[0][1] for part in parts[:2]] == ["a", "b"]


def test_a_list_inside_of_an_object_is_reached() -> None:
    row = {"action": {"type": "view", "products": [{"sku": "a"}, {"sku": "b"}]}}
    assert [item for _, item in made("action.products", "action.products.sku", row)] == ["a", "b"]


@pytest.mark.parametrize("orders", [None, [], "text", {"lines": None}, [{"lines": None}], [{}]])
def test_a_row_without_elements_is_counted_once(orders: object) -> None:
    ((_, why),) = made("orders.lines", "orders.lines.sku", {"orders": orders})
    assert why == "orders.lines is empty"


STREAM = {
    "explode": "order.lines", "unlisted": "keep",
    "columns": {
        "item_id": {"column": "order.lines.sku", "otherwise": ["sku", "page.sku"]},
        "event_id": {"join": ["no", "item_id"]}, "user_id": "who",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "ids"),
    [
        ({"no": 1, "order": {"lines": [{"sku": "a"}, {"sku": "b"}]}}, ["1:a", "1:b"]),
        ({"no": 2, "sku": "c"}, ["2:c"]),
        ({"no": 3, "sku": "", "page": {"sku": "d"}, "order": {"lines": []}}, ["3:d"]),
        ({"no": 4}, [None]),
        ({"no": 5, "item_id": "file", "sku": "e"}, ["5:file"]),
    ],
)
def test_a_row_holds_a_list_or_one_item_elsewhere(row: dict[str, Any], ids: list[str | None]) -> None:
    found = [ours for _, ours in Layout(FeedLayout.model_validate(STREAM)).rows(row, LANDING, DAY)]
    assert [None if isinstance(one, LeftOut) else one["event_id"] for one in found] == ids


def test_otherwise_needs_a_column() -> None:
    with pytest.raises(ValidationError, match="otherwise stands beside column"):
        FeedLayout.model_validate({"columns": {"item_id": {"value": "a", "otherwise": ["b"]}}})


def test_a_column_whose_name_has_a_dot_is_meant_as_it_is() -> None:
    assert [item for _, item in made("a.b", "a.b.sku", {"a.b": [{"sku": "x"}]})] == [None]
    assert [item for _, item in made("a.b", "a.b", {"a.b": ["x", "y"]})] == ["x", "y"]


GERMAN = Notation(zone="Europe/Berlin", time_format="%d.%m.%Y %H:%M")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("01.03.2026 00:30", dt.datetime(2026, 2, 28, 23, 30, tzinfo=dt.UTC)),
        (" 1.3.2026 0:30 ", dt.datetime(2026, 2, 28, 23, 30, tzinfo=dt.UTC)),
        ("2026-03-01T00:30:00Z", dt.datetime(2026, 3, 1, 0, 30, tzinfo=dt.UTC)),
        ("30.02.2026 10:00", None), ("01.03.26 10:00", None), ("01.03.2026", None),
    ],
)  # fmt: skip
def test_times_in_the_format_of_the_shop(text: str, moment: dt.datetime | None) -> None:
    found, doubtful = cast(pa.array([text]), "timestamp", GERMAN)
    if moment is None:
        assert doubtful[0].as_py()
        with pytest.raises(InvalidValue):
            convert_text(text, "timestamp", GERMAN)
    else:
        assert convert_text(text, "timestamp", GERMAN) == moment
        assert doubtful[0].as_py() or found[0].as_py() == moment


@given(
    st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(2100, 1, 1)),
    st.sampled_from(["%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y%m%d", "%d-%b-%Y", "%d/%m/%y"]),
    st.text("0123456789./: AMP", max_size=3),
)
@settings(max_examples=150, deadline=None)
def test_columns_are_read_as_single_values_are(moment: dt.datetime, written: str, more: str) -> None:
    notation = Notation(zone="Europe/Berlin", time_format=written)
    texts = [moment.strftime(written), moment.strftime(written) + more]
    found, doubtful = cast(pa.array(texts), "timestamp", notation)
    for text, value, doubt in zip(texts, found.to_pylist(), doubtful.to_pylist(), strict=True):
        if not doubt:
            assert value == convert_text(text, "timestamp", notation)


@pytest.mark.parametrize("text", ["%d.%m", "%H:%M", "tomorrow", "%Q"])
def test_a_format_names_a_day(text: str) -> None:
    with pytest.raises(ValidationError, match=r"does not name day, month and year|is no format of times"):
        FeedLayout(time_format=text)
