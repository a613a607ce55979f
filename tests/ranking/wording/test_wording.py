"""Texts for shoppers: every word is a phrase's or a row's, in every language, whatever the titles hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.reasons import ReasonSettings
from causalrec.errors import SettingsError
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.reasons import RecommendationReason
from causalrec.ranking.wording.book import BOOKS, FACTS, books_of, reasons_input
from causalrec.ranking.wording.compose import Wording
from causalrec.ranking.wording.facts import facts_of

ITEMS = pd.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "title": ["Red scarf", "Blue scarf", None, 'Mug "north" \\ {title}'],
        "brand": ["Nord", "Nord", "Nord", None],
        "category": ["Home > Mugs", "Wear > Scarves", "Home > Mugs", "Home > Mugs"],
        "image_ref": ["a.jpg", None, "c.jpg", "d.jpg"],
    }
)
IDS = ITEMS["item_id"].to_numpy(dtype=object)
SIMILAR = RecommendationReason.SIMILAR_TO_HISTORY


def block(rows: list[tuple[str, str, RecommendationReason]]) -> Ranked:
    """Rows of one user: item, the history item that carried it ('' for none), reason."""
    count = len(rows)
    nothing, nowhere = np.zeros(count, dtype=np.float32), np.zeros(count, dtype=np.int64)
    texts = np.full(count, "", dtype=object)
    places = {item: place for place, item in enumerate(IDS)}
    return Ranked(
        users=nowhere, ranks=np.arange(1, count + 1),
        items=np.array([places[item] for item, _, _ in rows]), scores=nothing, raw=nothing, content=nothing,
        places=nowhere, raw_places=nowhere, reason_codes=np.array([reason.value for _, _, reason in rows]),
        reason_texts=texts, because=np.array([places.get(past, -1) for _, past, _ in rows]),
        adjustments=texts, confounders=texts, fallback=texts, policies=texts, propensity=nothing,
    )  # fmt: skip


def said(chosen: ReasonSettings, rows: list[tuple[str, str, RecommendationReason]]) -> list[dict[str, str]]:
    return [json.loads(text) for text in Wording.of(chosen, ITEMS, IDS).texts(block(rows))]


def test_texts_by_hand() -> None:
    rows = [
        ("b", "a", SIMILAR),  # the same brand
        ("d", "a", SIMILAR),  # the same category
        ("b", "d", SIMILAR),  # nothing in common
        ("a", "c", SIMILAR),  # a history item without a title
        ("a", "", RecommendationReason.POPULAR),
        ("a", "", RecommendationReason.EXPLORATION),
    ]
    found = said(ReasonSettings(languages=("en", "de"), length="long"), rows)
    assert [one["en"] for one in found] == [
        "Because you chose Red scarf, also by Nord",
        "Because you chose Red scarf, also in Mugs",
        'Because you chose Mug "north" \\ {title}',
        "Goes with what you have chosen so far",
        "Many others choose this",
        "Something different for a change",
    ]
    assert found[0]["de"] == "Weil du Red scarf gewählt hast, auch von Nord"
    short = said(ReasonSettings(languages=("fr",), tone="formal"), rows[:1])
    assert short == [{"fr": "Parce que vous avez choisi Red scarf"}]


def test_pictures_are_those_of_the_history_item() -> None:
    wording = Wording.of(ReasonSettings(), ITEMS, IDS)
    found = block([("b", "a", SIMILAR), ("a", "b", SIMILAR), ("a", "", RecommendationReason.POPULAR)])
    assert wording.images(found).tolist() == ["a.jpg", "", ""]
    assert wording.texts(found).tolist() == ["", "", ""]


ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["a", "b", "c", "d"]), st.just(SIMILAR))
    | st.tuples(st.sampled_from("abcd"), st.just(""), st.sampled_from(list(RecommendationReason))),
    min_size=1,
    max_size=8,
)


@settings(max_examples=30)
@given(ROWS, st.sampled_from(["friendly", "formal"]), st.sampled_from(["short", "long"]))
def test_every_phrase_traces_to_a_row(
    rows: list[tuple[str, str, RecommendationReason]], tone: str, length: str
) -> None:
    """A text is a phrase whose facts are those of the history item, and true of the listed one too."""
    languages = ("en", "de", "fr", "es")
    chosen = ReasonSettings.model_validate({"languages": languages, "tone": tone, "length": length})
    known = ITEMS.set_index("item_id").fillna("").to_dict("index")
    for (item, past, _), texts in zip(rows, said(chosen, rows), strict=True):
        assert list(texts) == list(languages)
        for language, phrases in books_of(chosen).items():
            true = {case for case, phrase in phrases if not FACTS.get(case)}
            ways = {phrase for case, phrase in phrases if case in true}
            if past and known[past]["title"]:
                mine, its = known[past], known[item]
                ways = {phrases.similar.replace("{title}", mine["title"])}
                for name, case in (("brand", "same_brand"), ("category", "same_category")):
                    if length == "long" and mine[name] and mine[name] == its[name]:
                        fact = mine[name].split(" > ")[-1]
                        text = phrases.of(case)  # type: ignore[arg-type]
                        ways.add(text.replace(f"{{{name}}}", fact).replace("{title}", mine["title"], 1))
            assert texts[language] in ways


@settings(max_examples=10)
@given(st.text(max_size=90))
def test_any_title_can_be_read_again(title: str) -> None:
    items = ITEMS.assign(title=title)
    if title.isprintable():
        (text,) = Wording.of(ReasonSettings(languages=("en",), title_chars=90), items, IDS).texts(
            block([("b", "a", SIMILAR)])
        )
        assert json.loads(text)["en"] in (
            f"Because you chose {title}",
            "Goes with what you have chosen so far",
        )


def test_long_titles_end_at_a_word() -> None:
    items = ITEMS.assign(title=["A very long title of a thing", "x" * 30, "short", "y" * 20])
    assert facts_of(items, IDS, 20).titles.tolist() == [
        "A very long title…",
        "x" * 19 + "…",
        "short",
        "y" * 20,
    ]


def test_every_book_is_whole() -> None:
    languages = tuple(sorted(file.stem for file in BOOKS.glob("*.toml")))
    assert languages == ("de", "en", "es", "fr")
    for tone in ("friendly", "formal"):
        books = books_of(ReasonSettings.model_validate({"languages": languages, "tone": tone}))
        phrases = [phrase for book in books.values() for _, phrase in book]
        assert len(set(phrases)) == len(phrases)


def test_a_language_of_the_shop(tmp_path: Path) -> None:
    file = tmp_path / "nl.toml"
    file.write_text((BOOKS / "en.toml").read_text().replace("Because you chose", "Omdat je koos:"))
    chosen = ReasonSettings(languages=("nl",), files={"nl": str(file)})
    assert said(chosen, [("b", "a", SIMILAR)]) == [{"nl": "Omdat je koos: Red scarf"}]
    before = reasons_input(chosen)
    file.write_text(file.read_text().replace("koos", "kocht"))
    assert reasons_input(chosen) != before
    assert reasons_input(ReasonSettings()) == {}
    for wrong, told in (
        ('[friendly]\nsimilar = "x"', "friendly.same_brand"),
        (file.read_text().replace("{brand}", "{price}"), "same_brand names the facts"),
        ("[friendly", "cannot be read"),
    ):
        file.write_text(wrong)
        with pytest.raises(SettingsError, match=told):
            books_of(chosen)
    for name in ("xx", "../en"):
        with pytest.raises(SettingsError, match="no phrases for the language"):
            books_of(ReasonSettings(languages=(name,)))


def test_titles_in_the_language_of_the_text_where_there_are_any() -> None:
    german = pd.Series(["Roter Schal", None, None, None], dtype=object)
    chosen = ReasonSettings(languages=("en", "de"))
    words = Wording.of(chosen, ITEMS, IDS, {"de": german, "en": pd.Series([None] * 4, dtype=object)})
    first, second = (
        json.loads(text) for text in words.texts(block([("b", "a", SIMILAR), ("a", "b", SIMILAR)]))
    )
    assert "Red scarf" in first["en"]
    assert "Roter Schal" in first["de"]
    assert "Blue scarf" in second["de"]  # no German title
