"""Converts whole columns in the shop's notation at once, by the rules of :mod:`.values`.

Every function returns the converted column and a mark per row: True where only the strict conversion of the
single value can decide, which then either reads it or reports the error. Unusual notation therefore costs
time, but never a row.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.contracts.absent import NULL_WORDS
from causalrec.contracts.types import ARROW_TYPES
from causalrec.ingest.formats.currencies import currency_pattern
from causalrec.ingest.formats.notation import Notation
from causalrec.ingest.formats.numbers import grouped_pattern, separators
from causalrec.ingest.formats.values import EPOCH_UNITS, TRUTH

Cast = tuple[pa.Array, pa.Array]
"""A typed column, and which of its rows are doubtful (boolean, no nulls)."""

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
INTEGER = r"^[+-]?\d{1,18}$"
CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
ABSOLUTE = rf"^(1\d|20)\d\d-\d\d-\d\d[T ]{CLOCK}(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$"
NAIVE = rf"^(19[7-9]\d|20[0-2]\d|203[0-7])-\d\d-\d\d[T ]{CLOCK}$"
DATE = r"^(1\d|20)\d\d-\d\d-\d\d$"
LAST_SECOND = 253_402_300_799  # of the year 9999
UTC = pa.timestamp("us", "UTC")
_ABSENT = pa.array(["", *NULL_WORDS])


def cast(values: pa.Array, type_name: str, notation: Notation) -> Cast:
    """A column of a file, converted to the physical type ``type_name``; null stays null."""
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), ARROW_TYPES[type_name]), _no(values)
    if _is_text(values.type) and type_name != "string":
        values = pc.if_else(absent(values), pa.scalar(None, pa.string()), values.cast(pa.string()))
    try:
        return _CASTS[type_name](values, notation)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a value that looks valid but is not
        return _unsure(values, ARROW_TYPES[type_name])


def absent(values: pa.Array) -> pa.Array:
    """Which texts are blank or a null word (boolean); null stays null."""
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    return pc.if_else(pc.is_valid(values), pc.is_in(plain, value_set=_ABSENT.cast(plain.type)), None)


def _string(values: pa.Array, notation: Notation) -> Cast:
    if _is_text(values.type):
        return values.cast(pa.string()), _no(values)
    whole = pa.types.is_integer(values.type) or (pa.types.is_decimal(values.type) and values.type.scale == 0)
    if whole and notation.number_ids:
        return values.cast(pa.string()), _no(values)
    return _unsure(values, pa.string())


def _double(values: pa.Array, notation: Notation) -> Cast:
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return pc.cast(values, pa.float64(), safe=False), _no(values)
    if pa.types.is_decimal(values.type):  # by its digits: the direct conversion rounds twice
        return values.cast(pa.string()).cast(pa.float64()), _no(values)
    if not _is_text(values.type):
        return _unsure(values, pa.float64())
    text = _without_currency(pc.utf8_trim_whitespace(values), notation.currency)
    if notation.decimal_comma is None:
        return _matched(text, values, NUMBER, lambda some: _plus(some).cast(pa.float64()), pa.float64())
    mark = "," if notation.decimal_comma else "."
    pattern = rf"^([+-]?[0-9]+([{mark}][0-9]*)?|{grouped_pattern(mark)})$"

    def convert(some: pa.Array) -> pa.Array:
        whole = pc.replace_substring_regex(some, separators(mark), "")
        return _plus(pc.replace_substring(whole, mark, ".")).cast(pa.float64())

    return _matched(text, values, pattern, convert, pa.float64())


def _without_currency(text: pa.Array, code: str) -> pa.Array:
    """Texts without a currency on either side; anything less regular is read one by one."""
    if pc.all(pc.match_substring_regex(text, NUMBER)).as_py() is not False:
        return text
    known = currency_pattern(code)
    text = pc.replace_substring_regex(text, rf"^([+-]?)({known})\s*", r"\1")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(text, rf"({known})$", ""))


def _integer(bits: int) -> Callable[[pa.Array, Notation], Cast]:
    target = pa.int32() if bits == 32 else pa.int64()

    def convert(values: pa.Array, notation: Notation) -> Cast:
        if _is_text(values.type):
            text = pc.utf8_trim_whitespace(values)
            return _matched(text, values, INTEGER, lambda some: _plus(some).cast(target), target)
        if pa.types.is_integer(values.type):
            return pc.cast(values, target), _no(values)
        return _unsure(values, target)

    return convert


def _timestamp(values: pa.Array, notation: Notation) -> Cast:
    if pa.types.is_date(values.type) and notation.zone:
        values = values.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(values.type):
        if values.type.tz is None and not notation.zone:
            return _unsure(values, UTC)
        known = values if values.type.tz is not None else _in_zone(values, notation.zone)
        known = pc.cast(known, pa.timestamp(values.type.unit, "UTC"))
        return pc.cast(known, UTC, safe=False), _no(values)  # nanoseconds lose their last three digits
    if pa.types.is_integer(values.type) and notation.epoch_unit:
        return _since_epoch(values.cast(pa.int64()), values, notation.epoch_unit)
    if not _is_text(values.type):
        return _unsure(values, UTC)
    return _written_time(values, notation)


def _written_time(values: pa.Array, notation: Notation) -> Cast:
    text = pc.utf8_trim_whitespace(values)
    found, doubtful = _matched(text, values, ABSOLUTE, lambda some: some.cast(UTC), UTC)
    if notation.zone:
        naive = pa.timestamp("us")
        local, unsure = _matched(
            text, values, NAIVE, lambda some: _in_zone(some.cast(naive), notation.zone).cast(UTC), UTC
        )
        found, doubtful = pc.coalesce(found, local), pc.and_(doubtful, unsure)
    if notation.time_format and notation.zone:
        local, unsure = _formatted(text, values, notation.time_format, notation.zone)
        found, doubtful = pc.coalesce(found, local), pc.and_(doubtful, unsure)
    if notation.epoch_unit:
        number, unread = _matched(
            text, values, INTEGER, lambda some: _plus(some).cast(pa.int64()), pa.int64()
        )
        moment, unsure = _since_epoch(number, number, notation.epoch_unit)
        found, doubtful = pc.coalesce(found, moment), pc.and_(doubtful, pc.or_(unread, unsure))
    return found, doubtful


def _formatted(text: pa.Array, given: pa.Array, time_format: str, zone: str) -> Cast:
    """Times that Arrow reads as written: it reads 30 February as 2 March, and 26 as a year."""
    naive = pc.strptime(text, format=time_format, unit="s", error_is_null=True)
    same = pc.fill_null(pc.equal(pc.strftime(naive, format=time_format), text), False)
    years = pc.fill_null(pc.year(naive), 0)
    same = pc.and_(same, pc.and_(pc.greater_equal(years, 1970), pc.less(years, 2038)))
    naive = pc.if_else(same, naive, pa.scalar(None, naive.type)).cast(pa.timestamp("us"))
    return _in_zone(naive, zone).cast(UTC), _doubted(same, given)


def _in_zone(values: pa.Array, zone: str) -> pa.Array:
    """Local times as Python reads them: the first of two; times that the clock skipped are left to Python.

    Only for the years 1970 to 2037: beyond them, Arrow does not apply daylight saving.
    """
    return pc.assume_timezone(values, zone, ambiguous="earliest", nonexistent="raise")


def _since_epoch(numbers: pa.Array, given: pa.Array, unit: str) -> Cast:
    per_second = EPOCH_UNITS[unit]
    inside = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, min(LAST_SECOND * per_second, 2**63 - 1)))
    inside = pc.fill_null(inside, False)
    safe = pc.if_else(inside, numbers, 0)
    micros = (
        pc.multiply(safe, 1_000_000 // per_second)
        if per_second <= 1_000_000
        else pc.divide(safe, per_second // 1_000_000)
    )
    moments = pc.if_else(inside, micros.cast(UTC), pa.scalar(None, UTC))
    return moments, pc.and_(pc.is_valid(given), pc.invert(inside))


def _date(values: pa.Array, _: Notation) -> Cast:
    if pa.types.is_date(values.type):
        return values.cast(pa.date32()), _no(values)
    if not _is_text(values.type):
        return _unsure(values, pa.date32())
    return _matched(values, values, DATE, lambda some: some.cast(pa.date32()), pa.date32())


def _boolean(values: pa.Array, _: Notation) -> Cast:
    if pa.types.is_boolean(values.type):
        return values, _no(values)
    if pa.types.is_integer(values.type):
        known = pc.is_in(values, value_set=pa.array([0, 1], values.type))
        return pc.if_else(known, pc.equal(values, 1), None), _doubted(known, values)
    if not _is_text(values.type):
        return _unsure(values, pa.bool_())
    words = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    at = pc.index_in(words, value_set=pa.array(list(TRUTH)))
    return pa.array(list(TRUTH.values())).take(at), _doubted(pc.is_valid(at), values)


def _strings(values: pa.Array, notation: Notation) -> Cast:
    """One text per row; rows with several texts, and lists, are split and cleaned one by one."""
    target = ARROW_TYPES["array<string>"]
    if not _is_text(values.type):
        return _unsure(values, target)
    text = pc.utf8_trim_whitespace(values)
    several = pc.match_substring(text, notation.list_separator or ",")
    single = pc.and_(pc.invert(several), pc.not_equal(text, ""))
    known = pc.fill_null(single, False)
    offsets = pc.cumulative_sum(pa.concat_arrays([pa.array([0], pa.int32()), known.cast(pa.int32())]))
    lists = pa.ListArray.from_arrays(offsets, text.filter(known))
    return pc.if_else(known, lists.cast(target), pa.scalar(None, target)), _doubted(known, values)


_CASTS: Mapping[str, Callable[[pa.Array, Notation], Cast]] = {
    "string": _string,
    "int": _integer(32),
    "bigint": _integer(64),
    "double": _double,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
    "array<string>": _strings,
}


def _matched(
    text: pa.Array,
    given: pa.Array,
    pattern: str,
    convert: Callable[[pa.Array], pa.Array],
    target: pa.DataType,
) -> Cast:
    """The texts that match, converted; the others are null and doubtful."""
    fits = pc.fill_null(pc.match_substring_regex(text, pattern), False)
    found = convert(pc.if_else(fits, text, pa.scalar(None, pa.string())))
    return found.cast(target), _doubted(fits, given)


def _plus(text: pa.Array) -> pa.Array:
    """Without a plus sign, which Arrow does not accept in numbers."""
    return pc.replace_substring_regex(text, r"^\+", "")


def _unsure(values: pa.Array, target: pa.DataType) -> Cast:
    return pa.nulls(len(values), target), pc.is_valid(values)


def _doubted(known: pa.Array, given: pa.Array) -> pa.Array:
    return pc.and_(pc.is_valid(given), pc.invert(pc.fill_null(known, False)))


def _no(values: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(False), len(values))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
