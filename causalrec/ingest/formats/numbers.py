"""Numbers as shops write them: beside a currency, in groups of digits, with a point or a comma."""

import re
from functools import cache

from causalrec.errors import ReasonCode
from causalrec.ingest.formats.currencies import currency_pattern
from causalrec.ingest.formats.notation import InvalidValue, Notation

OTHER = {".": ",", ",": "."}
"""Decimal mark -> the one that separates groups of digits."""
_BLANK = " \u00a0\u202f\u2009"
_BETWEEN = {mark: f"{other}{_BLANK}'\u2019" for mark, other in OTHER.items()}


def grouped_pattern(mark: str) -> str:
    """A regular expression, for Python and for Arrow, of a number in groups of three digits."""
    return rf"[+-]?[0-9]{{1,3}}([{_BETWEEN[mark]}][0-9]{{3}})+([{mark}][0-9]*)?"


def separators(mark: str) -> str:
    """What to remove from such a number, as a regular expression."""
    return f"[{_BETWEEN[mark]}]"


_GROUPED = {mark: re.compile(grouped_pattern(mark)) for mark in OTHER}
_PLAIN = {
    mark: re.compile(rf"[+-]?(([0-9]+[{mark}]?[0-9]*|[{mark}][0-9]+)(e[+-]?[0-9]+)?|nan|inf|infinity)", re.I)
    for mark in OTHER
}


def plain_number(text: str, notation: Notation) -> str:
    """A number as text without blanks, currency and groups, with a decimal point.

    Raises:
        InvalidValue: it is no number, one in another currency, or one that only a setting can tell.
    """
    text = text.strip()
    found = _readings(text, notation.currency)
    if not found and notation.currency and _readings(text, ""):
        raise InvalidValue("is in another currency", ReasonCode.OTHER_CURRENCY)
    if not found:
        raise InvalidValue("is not a number")
    mark = "," if notation.decimal_comma else "."
    two_ways = notation.decimal_comma is None and "," in text and len(found) > 1
    if mark not in found or two_ways:
        raise InvalidValue(
            "may be written with a decimal comma or a decimal point", ReasonCode.UNCLEAR_NUMBER
        )
    return found[mark]


def currency_of(text: str) -> str:
    """The code or sign beside a number; '' for none, and for a text that is no number."""
    beside = _beside("").fullmatch(text.strip())
    return (beside["before"] or beside["after"] or "") if beside and _readings(text.strip(), "") else ""


def _readings(text: str, currency: str) -> dict[str, str]:
    """Decimal mark -> the number that the text then is, with a decimal point."""
    beside = _beside(currency).fullmatch(text)
    if beside is None or (beside["sign"] and beside["inner"]):
        return {}
    bare = (beside["sign"] or beside["inner"]) + beside["body"]
    found = {}
    for mark in OTHER:
        if _PLAIN[mark].fullmatch(bare):
            found[mark] = bare.replace(mark, ".")
        elif _GROUPED[mark].fullmatch(bare):
            found[mark] = re.sub(separators(mark), "", bare).replace(mark, ".")
    return found


@cache
def _beside(currency: str) -> re.Pattern[str]:
    """A number with an optional currency on either side."""
    known, gap = currency_pattern(currency), rf"[\s{_BLANK}]*"
    return re.compile(
        rf"(?P<sign>[+-]?){gap}(?P<before>{known})?{gap}(?P<inner>[+-]?)(?P<body>.*?){gap}(?P<after>{known})?",
        re.DOTALL,
    )
