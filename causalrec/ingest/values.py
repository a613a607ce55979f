"""Strict conversion of single values: what lacks the declared type is refused, never cast silently."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

Convert = Callable[[object], object]

INT_BITS = {"int": 32, "bigint": 64}
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d(:\d\d(:\d\d(\.\d{1,9})?)?)?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,20}(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE)


class InvalidValue(ValueError):
    """A value does not have the declared type; the message says why."""


def convert_value(value: object, type_name: str) -> object:
    """``value`` of a JSON or Parquet row as the physical type ``type_name``; None stays None.

    Raises:
        InvalidValue: it has another type, is out of range, or is a time without an offset.
    """
    return None if value is None else _CONVERTERS[type_name](value)


def convert_text(text: str, type_name: str) -> object:
    """A CSV cell as the physical type ``type_name``; an empty cell is None.

    Raises:
        InvalidValue: the text does not denote a value of that type.
    """
    if text == "":
        return None
    if type_name in INT_BITS:
        if not _INTEGER.fullmatch(text):
            raise InvalidValue("is no integer")
        return _integer(int(text.partition(".")[0]), INT_BITS[type_name])
    if type_name == "double":
        if not _NUMBER.fullmatch(text):
            raise InvalidValue("is no number")
        return float(text)
    return _CONVERTERS[type_name](text)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue("is no text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue("is no valid Unicode") from error
    return value


def _integer(value: object, bits: int) -> int:
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue("is no integer")
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise InvalidValue(f"does not fit {bits} bits")
    return value


def _double(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidValue("is no number")
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidValue("is too large") from error


def _timestamp(value: object) -> dt.datetime:
    if isinstance(value, str):
        if not _TIMESTAMP.fullmatch(value):
            raise InvalidValue("is no ISO 8601 time with an offset or Z")
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise InvalidValue(f"is no time ({error})") from error
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise InvalidValue("is no ISO 8601 time with an offset or Z")
    try:
        return value.astimezone(dt.UTC)
    except OverflowError as error:
        raise InvalidValue("is outside the years 1 to 9999") from error


def _date(value: object) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise InvalidValue("is no date YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise InvalidValue(f"is no date ({error})") from error


def _boolean(value: object) -> bool:
    """A truth value, or the text true or false."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise InvalidValue("is neither true nor false")
    return value


def _strings(value: object) -> list[str]:
    """A list of texts; one text, or several separated by commas, counts as a list too."""
    parts = _string(value).split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise InvalidValue("is no list of texts")
    texts = [_string(part).strip() for part in parts]
    return [text for text in texts if text]


_CONVERTERS: Mapping[str, Convert] = {
    "string": _string,
    "int": lambda value: _integer(value, INT_BITS["int"]),
    "bigint": lambda value: _integer(value, INT_BITS["bigint"]),
    "double": _double,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
    "array<string>": _strings,
}
