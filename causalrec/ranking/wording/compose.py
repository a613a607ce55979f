"""Composes the texts of a block of recommendations; every word is a phrase's or a row's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from string import Formatter

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.reasons import ReasonSettings
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.reasons import RecommendationReason
from causalrec.ranking.topk import Indices
from causalrec.ranking.wording.book import Case, PackedWording, Phrases, packed
from causalrec.ranking.wording.facts import ItemFacts, Texts, facts_of

CONTROLS = r"[\x00-\x1f]"
PHRASES: Mapping[RecommendationReason, Case] = {
    RecommendationReason.OVERALL_TASTE: "taste",
    RecommendationReason.POPULAR: "popular",
    RecommendationReason.NEW_ITEM: "new",
    RecommendationReason.EXPLORATION: "explore",
    RecommendationReason.PROMOTED: "promoted",
}
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wording:
    """The phrases of a shop and the facts of tonight's items; travels once per executor.

    Attributes:
        facts: as they are, and as they stand inside a JSON text.
        books: language -> phrases; empty for a shop that shows no texts.
        local: language -> facts with the titles in it, as in ``quoted``; none where titles are the same.
    """

    facts: ItemFacts
    quoted: ItemFacts
    books: Mapping[str, Phrases]
    long: bool
    local: Mapping[str, ItemFacts] = field(default_factory=dict)

    @staticmethod
    def of(
        settings: ReasonSettings,
        items: pd.DataFrame,
        item_ids: Texts,
        titles: "Mapping[str, pd.Series[str]] | None" = None,
    ) -> "Wording":
        """For the items of a catalogue.

        Args:
            titles: language -> titles in it, in the order of ``items``; null where there is none.

        Raises:
            SettingsError: a language has no phrases.
        """
        words = packed(settings)
        local = {
            language: _quoted(facts_of(_titled(items, own), item_ids, words.title_chars))
            for language, own in (titles or {}).items()
            if own.notna().any()
        }
        return replace(Wording.unpacked(words, items, item_ids), local=local)

    @staticmethod
    def unpacked(wording: PackedWording, items: pd.DataFrame, item_ids: Texts) -> "Wording":
        """The same from what a model version carries."""
        facts = facts_of(items, item_ids, wording.title_chars)
        return Wording(facts, _quoted(facts), wording.phrases, wording.long)

    def images(self, block: Ranked) -> Texts:
        """(m,) picture of the history item that carried each row; empty without one."""
        found: Texts = np.where(block.because >= 0, self.facts.images[np.maximum(block.because, 0)], "")
        return found

    def texts(self, block: Ranked) -> Texts:
        """(m,) JSON objects, language -> text; empty where the shop shows no texts."""
        if not self.books:
            return np.full(block.users.size, "", dtype=object)
        cases, past = self._cases(block), np.maximum(block.because, 0)
        whole: Texts = np.full(block.users.size, "{", dtype=object)
        for number, (language, phrases) in enumerate(self.books.items()):
            head = f'{", " if number else ""}{json.dumps(language)}: "'
            text: Texts = np.full(block.users.size, "", dtype=object)
            for case, mask in cases.items():
                if mask.any():
                    text[mask] = _filled(phrases.of(case), past[mask], self.local.get(language, self.quoted))
            whole = whole + head + text + '"'
        whole += "}"
        return whole

    def _cases(self, block: Ranked) -> dict[Case, Bools]:
        """Case -> the rows (m,) that it words; each row is in one."""
        facts, items, past = self.facts, block.items, np.maximum(block.because, 0)
        similar = (block.because >= 0) & (facts.titles[past] != "")
        brand = similar & self.long & (facts.brands[past] != "") & _same(facts.brands, past, items)
        category = similar & self.long & ~brand & (facts.paths[past] != "") & _same(facts.paths, past, items)
        cases: dict[Case, Bools] = {
            "same_brand": brand,
            "same_category": category,
            "similar": similar & ~brand & ~category,
        }
        for reason, case in PHRASES.items():
            cases[case] = ~similar & (block.reason_codes == reason.value)
        # a history item without a title cannot be named
        cases["taste"] |= ~similar & (block.reason_codes == RecommendationReason.SIMILAR_TO_HISTORY.value)
        return cases


def _filled(phrase: str, past: Indices, quoted: ItemFacts) -> Texts:
    """The phrase with the facts of ``past``, as it stands inside a JSON text."""
    values = {"title": quoted.titles, "brand": quoted.brands, "category": quoted.categories}
    text: Texts = np.full(past.size, "", dtype=object)
    for words, name, _, _ in Formatter().parse(phrase):
        text = text + _inside(words)
        if name is not None:
            text = text + values[name][past]
    return text


def _titled(items: pd.DataFrame, titles: "pd.Series[str]") -> pd.DataFrame:
    """The items under titles of a language, where they have one."""
    own = titles.set_axis(items.index)
    return items.assign(title=own.where(own.notna(), items["title"]))


def _same(values: Texts, past: Indices, items: Indices) -> Bools:
    found: Bools = values[past] == values[items]
    return found


def _quoted(facts: ItemFacts) -> ItemFacts:
    """Facts as they stand inside the quotation marks of a JSON text."""

    def quoted(texts: Texts) -> Texts:
        column = pd.Series(texts, dtype=object).str.replace("\\", "\\\\", regex=False)
        column = column.str.replace('"', '\\"', regex=False).str.replace(CONTROLS, " ", regex=True)
        return column.to_numpy(dtype=object)

    return replace(
        facts,
        titles=quoted(facts.titles),
        brands=quoted(facts.brands),
        categories=quoted(facts.categories),
    )


def _inside(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)[1:-1]
