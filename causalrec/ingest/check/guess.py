"""What values seem to be: times and their notation, numbers and their decimal mark, or plain text."""

import datetime as dt
import decimal
import re
from collections.abc import Sequence
from typing import Any

from causalrec.contracts.absent import is_absent
from causalrec.ingest.formats.notation import InvalidValue, Notation
from causalrec.ingest.formats.numbers import plain_number

EPOCHS = ((10**17, "ns"), (10**14, "us"), (10**11, "ms"), (10**8, "s"))
TIME_FORMATS = tuple(
    day + clock
    for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d")
    for clock in (
        *("", " %H:%M", " %H:%M:%S", " %I:%M %p", ", %H:%M", "T%H:%M"),
        *(":%H:%M", ":%H:%M:%S", ":%I:%M %p", ":%I:%M:%S %p"),  # day and time of two columns, joined
    )
)
"""Common time formats of shops; a sample that fits more than one decides nothing."""
_DIGITS = re.compile(r"\d{9,20}(\.\d+)?")
_NAIVE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?")
_PICTURE = re.compile(r"\.(avif|bmp|gif|heic|jpe?g|png|tiff?|webp)([?#].*)?$", re.IGNORECASE)
_FIRST, _LAST = 946_684_800, 4_102_444_800  # seconds: the years 2000 to 2100
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")

Settings = dict[str, Any]


def time_settings(values: Sequence[Any]) -> Settings:
    """``epoch_unit``, ``time_format`` and ``naive_times``, as these times need them."""
    if values and all(isinstance(one, dt.date) and not isinstance(one, dt.datetime) for one in values):
        return {"naive_times": "shop"}
    texts = [str(value) for value in values]
    if texts and all(_DIGITS.fullmatch(text) for text in texts):
        size = max(float(text) for text in texts)
        return {"epoch_unit": next((unit for least, unit in EPOCHS if size >= least), "s")}
    if texts and all(_NAIVE.fullmatch(text) for text in texts):
        return {"naive_times": "shop"}
    fitting = [one for one in TIME_FORMATS if texts and all(_is_written(text, one) for text in texts)]
    return {"time_format": fitting[0], "naive_times": "shop"} if len(fitting) == 1 else {}


def are_times(values: Sequence[Any]) -> bool:
    """Whether these are written as times; bare digits may be anything."""
    texts = [str(value) for value in values]
    if not texts or any(text.isdigit() for text in texts):
        return False
    return bool(time_settings(texts)) or all(map(_ISO.match, texts))


def may_be_times(values: Sequence[Any]) -> bool:
    """Whether these are times, or numbers that count from 1970 to a day since 2000."""
    texts = [str(value) for value in values]
    counted = bool(texts) and all(_DIGITS.fullmatch(text) for text in texts)
    return are_times(values) or (counted and all(_FIRST <= _seconds(text) <= _LAST for text in texts))


def are_pictures(values: Sequence[Any]) -> bool:
    """Whether these are names of pictures, or lists of them."""
    names = [name for value in values for name in (value if isinstance(value, list) else [value])]
    return bool(names) and all(isinstance(name, str) and _PICTURE.search(name) for name in names)


def are_texts(values: Sequence[Any]) -> bool:
    """Whether these are words rather than numbers, times, pictures or parts of a tree."""
    return guessed_type(values) == "text" and not are_pictures(values)


def are_ids(values: Sequence[Any]) -> bool:
    """Whether these can be ids: texts or whole numbers."""
    return guessed_type(values) in ("text", "number") and not any(isinstance(one, float) for one in values)


def are_days(values: Sequence[Any]) -> bool:
    """Whether these are dates, without a time of day."""
    return bool(values) and are_times(values) and not any(":" in str(value) for value in values)


def are_clocks(values: Sequence[Any]) -> bool:
    """Whether these are times of day, without a date."""
    return bool(values) and all(_CLOCK.fullmatch(str(value).strip()) for value in values)


def is_value(name: str) -> bool:
    """Whether the name of a column is rather a value of a file without a header."""
    return bool(_DIGITS.fullmatch(name) or _NAIVE.match(name))


def number_settings(values: Sequence[Any]) -> Settings:
    """``decimal_comma``, where some of these numbers need it and all can be read with only one answer."""
    texts = [str(value) for value in values]
    numbers = [text for text in texts if any(_is_number(text, comma) for comma in (True, False))]
    if all(_is_number(text, None) for text in numbers):
        return {}
    fitting = [comma for comma in (True, False) if all(_is_number(text, comma) for text in numbers)]
    return {"decimal_comma": fitting[0]} if len(fitting) == 1 else {}


def guessed_type(values: Sequence[Any]) -> str:
    """One or two words for the type of raw values, blank ones aside; '' if there are none."""
    given = [one for one in values if one is not None and not (isinstance(one, str) and is_absent(one))]
    if not given:
        return ""
    for kind, name in (
        (bool, "true or false"),
        (int | float | decimal.Decimal, "number"),
        (dict, "object"),
        (list, "list"),
    ):
        if all(isinstance(one, kind) for one in given):
            return name
    if all(isinstance(one, dt.date) for one in given) or are_times(given):
        return "time"
    texts = all(isinstance(one, str) for one in given)
    numbers = texts and all(any(_is_number(one, comma) for comma in (True, False)) for one in given)
    return "number" if numbers else "text"


def _seconds(digits: str) -> float:
    number = float(digits)
    unit = next((unit for least, unit in EPOCHS if number >= least), "s")
    return number / {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]


def _is_number(text: str, comma: bool | None) -> bool:
    try:
        return bool(plain_number(text, Notation(decimal_comma=comma)))
    except InvalidValue:
        return False


def _is_written(text: str, time_format: str) -> bool:
    try:
        return bool(dt.datetime.strptime(text.strip(), time_format))
    except ValueError:
        return False
