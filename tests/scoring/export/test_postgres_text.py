"""Names and types of SQL, without a server."""

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from causalrec.errors import ExportError
from causalrec.scoring.export.postgres_text import identifiers, partition_name, sql_type

TABLE: Any = SimpleNamespace(name="similar_items", key="item_id", night="2026-03-01.ab12")


def test_names_are_quoted_and_texts_are_literals() -> None:
    assert partition_name(TABLE) == "similar_items_n20260301_ab12"
    fill = identifiers('a"b', TABLE)
    found = fill("{schema}.{table} {parent} {partition} {key} {night}").as_string(None)
    assert found == (
        '"a""b"."similar_items" "similar_items_nights" "similar_items_n20260301_ab12" "item_id" '
        "'2026-03-01.ab12'"
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (pa.string(), "text"), (pa.int32(), "integer"), (pa.int64(), "bigint"), (pa.bool_(), "boolean"),
        (pa.float64(), "double precision"), (pa.float32(), "real"), (pa.date32(), "date"),
        (pa.timestamp("us", "UTC"), "timestamptz"),
        (pa.list_(pa.field("element", pa.float32())), "vector"),
    ],
)  # fmt: skip
def test_types(kind: pa.DataType, name: str) -> None:
    assert sql_type(pa.field("x", kind)).as_string(None) == name


def test_a_type_without_a_name_is_refused() -> None:
    with pytest.raises(ExportError, match=r"no type for column x \(int8\)"):
        sql_type(pa.field("x", pa.int8()))
