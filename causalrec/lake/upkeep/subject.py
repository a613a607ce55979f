"""Who or what is erased, and every way in which a text can spell an id."""

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote, quote_plus

from causalrec.lake.declared import Declared

Kind = Literal["user", "item", "brand"]
KINDS: tuple[Kind, ...] = ("user", "item", "brand")
NAMES: Mapping[Kind, str] = {"user": "user_id", "item": "item_id", "brand": "brand"}
"""Columns of a delivery that name one of the kind."""
BEFORE = r"(?:(?<![\w-])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9a-fA-F]{2}))"
"""What may stand before an id: no letter, digit or hyphen, unless they end an escaped character."""
AFTER = r"(?![\w-])"
BARE = re.compile(r"[\d.]+|.")
"""Ids that are numbers or one sign: in prose they mean anything."""
ERASED = "[erased]"


@dataclass(frozen=True)
class Subject:
    """What is erased.

    Attributes:
        asked: kind and id that were asked for.
        with_items: items that go with a brand.
    """

    asked: tuple[Kind, str]
    with_items: tuple[str, ...] = ()

    @staticmethod
    def user(user: str) -> "Subject":
        """One user."""
        return Subject(("user", user))

    @cached_property
    def ids(self) -> Mapping[Kind, tuple[str, ...]]:
        """Kind -> ids; kinds without any are left out."""
        kind, one = self.asked
        items: Mapping[Kind, tuple[str, ...]] = {"item": self.with_items} if self.with_items else {}
        return {**items, kind: (one,)}

    @property
    def pairs(self) -> list[tuple[Kind, str]]:
        """Kind and id of everything that is erased, in order."""
        return [(kind, one) for kind in KINDS for one in sorted(self.ids.get(kind, ()))]

    def columns(self, contract: Declared) -> dict[str, tuple[str, ...]]:
        """Columns of a table whose value may be an id -> the ids that are looked for in it."""
        named: dict[Kind, tuple[str, ...]] = {
            "user": contract.user_ids,
            "item": tuple(name for name in contract.arrow_schema.names if _ends(name, NAMES["item"])),
            "brand": tuple(name for name in contract.arrow_schema.names if name == NAMES["brand"]),
        }
        return {name: self.ids[kind] for kind in KINDS if self.ids.get(kind) for name in named[kind]}

    @cached_property
    def word(self) -> re.Pattern[str]:
        """Finds an id, however it is spelled, as a word of its own."""
        return re.compile(f"{BEFORE}(?:{_any(self._all)}){AFTER}")

    @cached_property
    def prose(self) -> re.Pattern[str]:
        """The same for text in which any number may stand: ids like ``17`` count behind the name of a
        column, or in quotes."""
        plain, bare = [one for one in self._all if not _bare(one)], [one for one in self._all if _bare(one)]
        ways = [f"{BEFORE}(?:{_any(plain)}){AFTER}"] if plain else []
        if bare:
            of_kind = "|".join(f"{kind}(?:_id)?" for kind in KINDS)
            ways.append(rf"(?i:{of_kind})\\*[\"']?\s*[:=]?\s*[\\\"'\[(]*(?:{_any(bare)}){AFTER}")
            ways.append(rf"[\"'](?:{_any(bare)})\\*[\"']")
        return re.compile("|".join(ways) or r"(?!)")

    @cached_property
    def anywhere(self) -> str:
        """Pattern (RE2) of every spelling, whatever stands around it: finds what is worth a second look."""
        return _any(self._all)

    def named(self, text: str) -> bool:
        """Whether prose names one of the ids."""
        return bool(self.prose.search(text))

    def mentioned(self, text: str) -> bool:
        """Whether the text of a row names one of the ids.

        In a JSON object each value is looked at for itself, and a number counts only under the name of a
        column of ids. Any other text counts as soon as the id stands in it as a word: when in doubt, the row
        goes.
        """
        if not self.word.search(text):
            return False
        try:
            parsed = json.loads(text)
        except ValueError:
            return True
        return any(self._names(key, value) for key, value in _leaves("", parsed))

    def _names(self, key: str, value: object) -> bool:
        if isinstance(value, str):
            return value.strip() in self._all or bool(self.prose.search(value))
        known = [one for kind, name in NAMES.items() if name == key for one in self.ids.get(kind, ())]
        return str(value) in (known if key else self._all)

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset(one for ids in self.ids.values() for one in ids)


def spellings(one: str) -> frozenset[str]:
    """An id as it stands in plain text, JSON, HTML, addresses, CSV and what Python prints, as it was given
    and in both Unicode normal forms."""
    found = set()
    for plain in {one, unicodedata.normalize("NFC", one), unicodedata.normalize("NFD", one)}:
        texts = {plain, json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]}
        texts |= {json.dumps(text)[1:-1] for text in texts}  # JSON inside JSON
        pages = {html.escape(text) for text in texts}
        pages |= {text.replace("&#x27;", "&#39;").replace("&quot;", "&#34;") for text in pages}
        csv, printed = plain.replace('"', '""'), repr(plain)[1:-1]
        found |= texts | pages | {quote(plain), quote(plain, safe=""), quote_plus(plain), csv, printed}
    return frozenset(found)


def _any(ids: "frozenset[str] | list[str]") -> str:
    ways = {spelling for one in ids for spelling in spellings(one)}
    return "|".join(re.escape(way) for way in sorted(ways, key=lambda way: (-len(way), way))) or r"[^\s\S]"


def _bare(one: str) -> bool:
    return BARE.fullmatch(one) is not None


def _ends(name: str, with_: str) -> bool:
    return name == with_ or name.endswith(f"_{with_}")


def _leaves(key: str, value: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401 - parsed JSON
    """Every text and number of parsed JSON, with the name that it stands under; names are texts too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, name
            yield from _leaves(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(key, inner)
    else:
        yield key, value
