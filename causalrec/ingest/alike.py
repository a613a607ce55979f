"""Which column of a file most likely means one of ours: whole names first, then paths, stems, near misses."""

import difflib
import re
import unicodedata
from collections.abc import Callable, Sequence

from causalrec.ingest.synonyms import ORDER, ORDERS, SYNONYMS

VAGUE = ("id", "key", "type", "value", "name", "date", "time")
"""Last names of a path that are meaningless without the name before them."""
TELLING = ("sku", "ean", "gtin", "upc", "isbn", "asin", "price", "email")
"""Last words of a name that mean the same whatever stands before them, as in "Lineitem sku"."""
LANGUAGES = ("default", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "zh")
"""Last names of a path that only choose one of several texts, as in name.en."""
TYPED = ("$date", "$numberDecimal", "$numberInt", "$numberLong", "$oid", "N", "S")
"""Last names of a path that only say how a value is written, in exports of MongoDB and DynamoDB."""
SUMS = ("amount", "brutto", "gross", "net", "netto", "value")
"""Last names of a path below a price, as in price.amount."""
_NUMBERED = frozenset(
    (
        *("code", "cod", "codigo", "id", "identifier", "key", "n", "no", "nr", "nro"),
        *("num", "number", "numero", "pk", "ref", "sk"),
    )
)
_TAXED = frozenset(
    (
        *("amount", "brutto", "chf", "eur", "euro", "excl", "gbp", "ht", "incl", "mwst", "netto"),
        *("tax", "ttc", "usd", "vat"),
    )
)
_AROUND = {
    **dict.fromkeys(("user_id", "item_id", "session_id", "event_id", ORDER), _NUMBERED),
    "price": _TAXED,
    **dict.fromkeys(("brand", "category"), frozenset(("label", "name", "title"))),
}
"""Column -> words around a name that say nothing of what it is, as in customer_key and N° client."""
_CUTOFF = 0.75

Fits = Callable[[str, str], bool]


def matched(columns: Sequence[str], found: Sequence[str], fits: Fits) -> dict[str, str]:
    """Column of ours -> the one of ``found`` that most likely means it; each is given away once.

    Names that are known come before names that are merely close, whatever the order of ``columns``.

    Args:
        fits: whether the values of a column of the file (second) can be what ours (first) holds; asked where
            only the name is close.
    """
    free, taken = list(found), dict[str, str]()
    for search in (_known, lambda ours, names: _close(ours, [name for name in names if fits(ours, name)])):
        for ours in columns:
            if ours not in taken and (name := search(ours, free)):
                taken[ours] = name
                free.remove(name)
    return taken


def alike(column: str, found: Sequence[str]) -> str:
    """The column among ``found`` that most likely means ``column``; '' if none does."""
    return _known(column, found) or _close(column, found)


def named_so(column: str, found: Sequence[str]) -> list[str]:
    """The columns among ``found`` whose names are known for ``column``, the likeliest first."""
    free, named = list(found), list[str]()
    while name := _known(column, free):
        named.append(name)
        free.remove(name)
    return named


def of_orders(found: Sequence[str]) -> bool:
    """Whether names of columns say that each row is something ordered."""
    return any(_plain(word) in _plain(name) for name in found for word in ORDERS)


def _known(column: str, found: Sequence[str]) -> str:
    by_plain = _by_plain(found)
    names = (column, *SYNONYMS.get(column, ()))
    for known in names:
        if _plain(known) in by_plain:
            return by_plain[_plain(known)]
    around = _AROUND.get(column)
    if around is None:
        return ""
    by_stem: dict[str, str] = {}
    for name in found:
        by_stem.setdefault(_stem(name, around), name)
    stems = (_stem(known, around) for known in names)
    return next((by_stem[stem] for stem in stems if stem in by_stem), "")


def _close(column: str, found: Sequence[str]) -> str:
    by_plain = _by_plain(found)
    near = difflib.get_close_matches(_plain(column), by_plain, n=1, cutoff=_CUTOFF)
    return by_plain[near[0]] if near else ""


def _by_plain(found: Sequence[str]) -> dict[str, str]:
    by_plain: dict[str, str] = {}
    for names in zip(*[_spellings(name) for name in found], strict=True):  # whole paths before their ends
        for name, plain in zip(found, names, strict=True):
            by_plain.setdefault(plain, name)
    return by_plain


def _spellings(name: str) -> tuple[str, str, str, str]:
    """A column's full name, the last two names of a path into nested rows, the last one, its last word."""
    parts = _path(name)
    last = parts[-1] if len(parts) == 1 or parts[-1] not in VAGUE else ".".join(parts)
    word = re.split(r"[\s_-]", last)[-1]
    ends = ".".join(parts[-2:]), last, word if word.casefold() in TELLING else name
    return _plain(name), _plain(ends[0]), _plain(ends[1]), _plain(ends[2])


def _path(name: str) -> list[str]:
    *above, last = name.split(".")
    is_sum = last.casefold() in SUMS and bool(above) and _plain(above[-1]) in _PRICES
    return above if above and (is_sum or last in (*LANGUAGES, *TYPED)) else [*above, last]


def _stem(name: str, around: frozenset[str]) -> str:
    """The words of the end of a path without those of ``around`` before and after, in the singular."""
    parts = _path(name)
    end = ".".join(parts[-2:]) if parts[-1].casefold() in VAGUE else parts[-1]
    words = [_plain(word) for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", end) if word]
    while len(words) > 1 and words[-1] in around:
        words.pop()
    while len(words) > 1 and words[0] in around:
        words.pop(0)
    stem = "".join(words)
    return stem[:-1] if len(stem) > 3 and stem.endswith("s") else stem


def _plain(name: str) -> str:
    """Letters and digits of any script, without accents; ä is the same as ae, as in Geaendert_am."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if one.isalnum())
    return re.sub("(?<=[aou])e", "", plain)


_PRICES = frozenset(_plain(known) for known in ("price", *SYNONYMS["price"]))
