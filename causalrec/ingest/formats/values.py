"""Strict conversion of single values: a value without the declared type is refused, never cast silently."""

import datetime as dt
import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from decimal import Decimal

from causalrec.contracts.absent import is_absent
from causalrec.ingest.formats.notation import CONTRACT, InvalidValue, Notation
from causalrec.ingest.formats.numbers import plain_number

INT_BITS = {"int": 32, "bigint": 64}
EPOCH_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
TRUTH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False, "t": True, "f": False}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?) ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,20}(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_LIST_COMMA = re.compile(
    r"(?i)(?<=\.jpg|\.png|\.gif|\.bmp|\.tif)\s*,\s*|(?<=\.jpeg|\.webp|\.tiff|\.avif|\.heic|\.heif)\s*,\s*"
    r"|,\s+|\s*,\s*(?=https?://)"
)


Convert = Callable[[object, str, Notation], object]


def convert_value(value: object, type_name: str, notation: Notation = CONTRACT) -> object:
    """``value`` of a JSON or Parquet row, converted to the physical type ``type_name``; None stays None.

    A blank text or a null word where a number, time, boolean or list is expected becomes None. Of a list, as
    a path into nested rows finds it, the one value that its elements share is taken.

    Raises:
        InvalidValue: it has a different type, is out of range, or is a time without an offset.
    """
    if isinstance(value, list) and type_name != "array<string>":
        value = _shared(value)
    if value is None or (type_name != "string" and isinstance(value, str) and is_absent(value)):
        return None
    return _CONVERTERS[type_name](value, notation)


def convert_text(text: object, type_name: str, notation: Notation = CONTRACT) -> object:
    """A CSV cell, converted to the physical type ``type_name``; an empty cell is None.

    Raises:
        InvalidValue: the text is not a value of that type.
    """
    return None if text == "" else convert_value(text, type_name, notation)


def _shared(values: list[object]) -> object:
    """The one value of a list, None if it is empty; if they differ, the list, which no type accepts."""
    given = [value for value in values if value is not None]
    return values if any(value != given[0] for value in given) else next(iter(given), None)


def _string(value: object, notation: Notation) -> str:
    if notation.number_ids and (whole := _whole(value)) is not None:
        return str(whole)
    if not isinstance(value, str):
        raise InvalidValue("is not text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue("is not valid Unicode") from error
    return value


def _integer(value: object, bits: int, notation: Notation) -> int:
    if isinstance(value, str):
        text = plain_number(value, notation)
        if not _INTEGER.fullmatch(text):
            raise InvalidValue("is not an integer")
        value = int(text.partition(".")[0])
    whole = _whole(value)
    if whole is None:
        raise InvalidValue("is not an integer")
    if not -(2 ** (bits - 1)) <= whole < 2 ** (bits - 1):
        raise InvalidValue(f"does not fit {bits} bits")
    return whole


def _whole(value: object) -> int | None:
    """A whole number, whatever type holds it; None for anything else."""
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _double(value: object, notation: Notation) -> float:
    if isinstance(value, str):
        return float(plain_number(value, notation))
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidValue("is not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidValue("is too large") from error


def _timestamp(value: object, notation: Notation) -> dt.datetime:
    if notation.epoch_unit and (moment := _since_epoch(value, notation.epoch_unit)) is not None:
        return moment
    if isinstance(value, str):
        text = value.strip()
        value = _formatted_time(text, notation.time_format) or _written_time(text)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime) and notation.zone:
        value = dt.datetime.combine(value, dt.time())
    if not isinstance(value, dt.datetime):
        raise InvalidValue("is not an ISO 8601 time with an offset or Z")
    try:
        if value.tzinfo is None:
            if not notation.zone:
                raise InvalidValue("is not an ISO 8601 time with an offset or Z")
            value = value.replace(tzinfo=zoneinfo.ZoneInfo(notation.zone))
        return value.astimezone(dt.UTC)
    except OverflowError as error:
        raise InvalidValue("is outside the years 1 to 9999") from error


def _formatted_time(text: str, time_format: str) -> dt.datetime | None:
    if not time_format:
        return None
    try:
        return dt.datetime.strptime(text, time_format)
    except ValueError:
        return None


def _written_time(text: str) -> dt.datetime:
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        raise InvalidValue("is not an ISO 8601 time with an offset or Z")
    zone = found[2] or ""
    try:
        return dt.datetime.fromisoformat(found[1] + ("Z" if zone in ("UTC", "GMT") else zone))
    except ValueError as error:
        raise InvalidValue(f"is not a time ({error})") from error


def _since_epoch(value: object, unit: str) -> dt.datetime | None:
    """A time given as a number, or as digits in a text; None for any other value."""
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return None
        value = Decimal(text)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        micros = int(Decimal(value) * 1_000_000 / EPOCH_UNITS[unit])
        return EPOCH + dt.timedelta(microseconds=micros)
    except (ArithmeticError, ValueError) as error:
        raise InvalidValue("is outside the years 1 to 9999") from error


def _date(value: object, _: Notation) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise InvalidValue("is not a date YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise InvalidValue(f"is not a date ({error})") from error


def _boolean(value: object, _: Notation) -> bool:
    """A boolean, or one of the usual words and digits for one."""
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and (known := TRUTH.get(value.strip().lower())) is not None:
        return known
    raise InvalidValue("is neither true nor false")


def _strings(value: object, notation: Notation) -> list[str]:
    """A list of texts.

    A single text is split at the separator, or at commas that clearly end a picture name.
    """
    if isinstance(value, str):
        text = _string(value, notation)
        parts: object = (
            text.split(notation.list_separator) if notation.list_separator else _LIST_COMMA.split(text)
        )
    else:
        parts = value
    if not isinstance(parts, list):
        raise InvalidValue("is not a list of texts")
    texts = [_string(part, notation).strip() for part in parts if part is not None]
    return [text for text in texts if text]


_CONVERTERS: Mapping[str, Callable[[object, Notation], object]] = {
    "string": _string,
    "int": lambda value, how: _integer(value, INT_BITS["int"], how),
    "bigint": lambda value, how: _integer(value, INT_BITS["bigint"], how),
    "double": _double,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
    "array<string>": _strings,
}
