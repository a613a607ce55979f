"""The subject of an erasure, and every spelling of an id in a text."""

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
"""Columns of a delivery that hold ids of each kind."""
BEFORE = r"(?:(?<![\w-])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9a-fA-F]{2}))"
"""What may precede an id: no letter, digit or hyphen, unless it ends an escaped character."""
AFTER = r"(?![\w-])"
BARE = re.compile(r"[\d.]+|.")
"""Ids that are numbers or a single character: in prose they may mean anything."""
ERASED = "[erased]"


@dataclass(frozen=True)
class Subject:
    """What is erased.

    Attributes:
        asked: the requested kind and id.
        with_items: items of a brand.
    """

    asked: tuple[Kind, str]
    with_items: tuple[str, ...] = ()

    @staticmethod
    def user(user: str) -> "Subject":
        """One user."""
        return Subject(("user", user))

    @cached_property
    def ids(self) -> Mapping[Kind, tuple[str, ...]]:
        """Kind -> ids; kinds without ids are left out."""
        kind, one = self.asked
        items: Mapping[Kind, tuple[str, ...]] = {"item": self.with_items} if self.with_items else {}
        return {**items, kind: (one,)}

    @property
    def pairs(self) -> list[tuple[Kind, str]]:
        """Kind and id of everything that is erased, in order."""
        return [(kind, one) for kind in KINDS for one in sorted(self.ids.get(kind, ()))]

    def columns(self, contract: Declared) -> dict[str, tuple[str, ...]]:
        """Columns of a table whose value may be an id -> the ids to look for."""
        named: dict[Kind, tuple[str, ...]] = {
            "user": contract.user_ids,
            "item": tuple(name for name in contract.arrow_schema.names if _ends(name, NAMES["item"])),
            "brand": tuple(name for name in contract.arrow_schema.names if name == NAMES["brand"]),
        }
        return {name: self.ids[kind] for kind in KINDS if self.ids.get(kind) for name in named[kind]}

    @cached_property
    def word(self) -> re.Pattern[str]:
        """Pattern for an id in any spelling, as a whole word."""
        return re.compile(f"{BEFORE}(?:{_any(self._all)}){AFTER}")

    @cached_property
    def prose(self) -> re.Pattern[str]:
        """The same for free text, where any number may occur.

        Ids like ``17`` count only after a column name, or in quotes.
        """
        plain, bare = [one for one in self._all if not _bare(one)], [one for one in self._all if _bare(one)]
        ways = [f"{BEFORE}(?:{_any(plain)}){AFTER}"] if plain else []
        if bare:
            of_kind = "|".join(f"{kind}(?:_id)?" for kind in KINDS)
            ways.append(rf"(?i:{of_kind})\\*[\"']?\s*[:=]?\s*[\\\"'\[(]*(?:{_any(bare)}){AFTER}")
            ways.append(rf"[\"'](?:{_any(bare)})\\*[\"']")
        return re.compile("|".join(ways) or r"(?!)")

    @cached_property
    def anywhere(self) -> str:
        """Pattern (RE2) for every spelling in any context: finds candidates for a closer check."""
        return _any(self._all)

    def named(self, text: str) -> bool:
        """Whether free text mentions one of the ids."""
        return bool(self.prose.search(text))

    def mentioned(self, text: str) -> bool:
        """Whether the text of a row mentions one of the ids.

        In a JSON object each value is checked on its own, and a number counts only under the name of an id
        column. Any other text counts if it contains the id as a word: when in doubt, the row is deleted.
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
    """Every spelling of an id.

    As written in plain text, JSON, HTML, URLs, CSV and Python literals, as given and in both Unicode normal
    forms.
    """
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
    """Every text and number in parsed JSON, with its key; keys are texts too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, name
            yield from _leaves(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(key, inner)
    else:
        yield key, value
