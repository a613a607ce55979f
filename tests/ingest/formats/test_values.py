"""Strict conversion of single values."""

import datetime as dt

import pytest

from causalrec.ingest.formats.notation import InvalidValue
from causalrec.ingest.formats.values import convert_text, convert_value

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "type_name", "expected"),
    [
        (None, "double", None),
        ("x", "string", "x"),
        (3, "int", 3),
        (3.0, "int", 3),
        (1, "double", 1.0),
        ("12", "double", 12.0),
        ("12.5 ", "double", 12.5),
        ("1,299.00", "double", 1299.0),
        ("12.5 EUR", "double", 12.5),
        *((word, kind, None) for word in ("n/a", " - ", "NULL", "None", "", "NaN", "#N/A", "#NV", "\\N")
          for kind in ("double", "int", "boolean", "timestamp", "date", "array<string>")),
        ("n/a", "string", "n/a"),
        ("1", "boolean", True),
        (0, "boolean", False),
        ("2026-03-01T12:00:00Z", "timestamp", NOON),
        ("2026-03-01T13:00:00+01:00", "timestamp", NOON),
        ("2026-03-01 07:30-0430", "timestamp", NOON),
        ("2026-03-01T12:00:00.000000999Z", "timestamp", NOON),
        ("2026-03-01", "date", dt.date(2026, 3, 1)),
        (["a.jpg", " b.jpg ", ""], "array<string>", ["a.jpg", "b.jpg"]),
        ("a.jpg,b.jpg", "array<string>", ["a.jpg", "b.jpg"]),
        ("a.jpg", "array<string>", ["a.jpg"]),
    ],
)  # fmt: skip
def test_values_of_the_declared_type(value: object, type_name: str, expected: object) -> None:
    assert convert_value(value, type_name) == expected


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        ("12a", "double"),
        ("19,90", "double"),
        ("12.5 PCS", "double"),
        (2, "boolean"),
        (True, "double"),
        (10**400, "double"),
        (3.5, "int"),
        (float("nan"), "int"),
        (True, "int"),
        (2**31, "int"),
        (7, "string"),
        ("\ud800", "string"),
        (1_700_000_000, "timestamp"),
        ("2026-03-01T12:00:00", "timestamp"),
        ("2026-03-01", "timestamp"),
        ("2026-02-30T12:00:00Z", "timestamp"),
        ("0001-01-01T00:00:00+14:00", "timestamp"),
        ("1 March 2026", "date"),
        ("2026-13-01", "date"),
        ([1], "array<string>"),
        ({}, "array<string>"),
    ],
)
def test_anything_else_is_refused(value: object, type_name: str) -> None:
    with pytest.raises(InvalidValue):
        convert_value(value, type_name)


@pytest.mark.parametrize(
    ("text", "type_name", "expected"),
    [
        ("", "double", None),
        ("1.5", "double", 1.5),
        ("-inf", "double", float("-inf")),
        ("1e3", "double", 1000.0),
        ("4", "int", 4),
        ("4.0", "int", 4),
        ("x", "string", "x"),
        ("2026-03-01T12:00:00Z", "timestamp", NOON),
    ],
)
def test_cells_of_the_declared_type(text: str, type_name: str, expected: object) -> None:
    assert convert_text(text, type_name) == expected


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("12a", "double"),
        ("1,5", "double"),
        ("4.5", "int"),
        ("0x10", "int"),
        ("99999999999", "int"),
        ("١", "int"),
    ],
)
def test_other_cells_are_refused(text: str, type_name: str) -> None:
    with pytest.raises(InvalidValue):
        convert_text(text, type_name)
