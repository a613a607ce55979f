"""The review page of a version from a real lake: what it finds, that it is escaped and needs nothing else."""

from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from causalrec.report.page import Page
from causalrec.report.review.facts import Reviewed
from causalrec.report.review.gallery import gallery
from causalrec.report.review.items import cold_items, moved_items
from causalrec.report.review.lists import SampledLists, ranked_lists
from causalrec.report.review.page import PageContent, read_content, review_page
from tests.registry.shop import GROUPS, ITEMS
from tests.report import browser
from tests.report.review.shop import EVIL, RAISED, reviewed_shop

K = 5


@dataclass(frozen=True)
class Made:
    reviewed: Reviewed
    content: PageContent
    lists: SampledLists
    page: Page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    settings, lake, reviewed = reviewed_shop(tmp_path_factory.mktemp("review"))
    content = read_content(settings, lake, reviewed)
    return Made(reviewed, content, content.lists, review_page(settings, lake, reviewed))


def test_lists_leave_out_what_users_have(made: Made) -> None:
    seen = set(map(tuple, made.reviewed.dataset.seen.T.tolist()))
    for lists in (made.lists.mine, made.lists.theirs):
        assert lists.shape == (made.lists.users.size, K)
        pairs = [
            (int(user), int(item)) for user, row in zip(made.lists.users, lists, strict=True) for item in row
        ]
        assert not seen & set(pairs)


def test_shift_is_that_of_the_raised_code(made: Made) -> None:
    coarse = np.arange(ITEMS) % 2
    assert (made.lists.shift[coarse == RAISED] > 0).all()
    assert (made.lists.shift[coarse != RAISED] < 0).all()


def test_sample_is_the_same_for_every_review(made: Made) -> None:
    few = ranked_lists(made.reviewed, K, 10)
    assert few.users.size == 10
    assert np.array_equal(few.users, ranked_lists(made.reviewed, K, 10).users)
    places = np.searchsorted(made.lists.users, few.users)
    assert np.array_equal(few.mine, made.lists.mine[places])


def test_gallery_counts_places_priors_and_words(made: Made) -> None:
    cards = {card.code: card for card in made.content.codes}
    assert {code: card.items_total for code, card in cards.items()} == {0: ITEMS // 2, 1: ITEMS // 2}
    assert cards[RAISED].prior == 0.5
    assert cards[RAISED].after > (cards[RAISED].before or 0) > 0
    assert sum(card.after for card in cards.values()) == made.lists.mine.size
    assert cards[0].name == f"brand {EVIL}"
    assert "red" in cards[0].words
    assert not gallery(replace(made.reviewed, tables=None), made.lists, 9, 3, 3)


def test_without_a_raw_model_nothing_is_said_about_the_adjustment(made: Made) -> None:
    assert made.reviewed.tables is not None
    alone = replace(made.reviewed, tables=replace(made.reviewed.tables, raw_users=None, raw_items=None))
    lists = ranked_lists(alone, K, 10)
    assert lists.raw is None
    assert not lists.shift.any()
    assert {(card.before, card.shift) for card in gallery(alone, lists, 9, 3, 3)} == {(None, None)}
    assert not any("adjustment" in line.why for side in moved_items(alone, lists, 9) for line in side)


def test_items_say_why_they_moved(made: Made) -> None:
    gained, lost = moved_items(made.reviewed, made.lists, 4)
    assert all(line.after > line.before and line.item % 2 == RAISED for line in gained)
    assert all(line.after < line.before and line.item % 2 != RAISED for line in lost)
    assert "the causal adjustment raises it by" in gained[0].why
    (unknown,) = [line for line in moved_items(made.reviewed, made.lists, 40)[0] if line.item == ITEMS - 1]
    assert unknown.why.startswith("unknown to champion (version 1)")


def test_cold_items_name_a_known_neighbour(made: Made) -> None:
    data = made.reviewed.dataset.data
    train = data.train[:, data.train[1] != 9]
    dataset = replace(made.reviewed.dataset, data=replace(data, train=train, weights=None))
    cold = cold_items(replace(made.reviewed, dataset=dataset), made.lists, 3)
    assert cold.total == 1
    assert [line.item for line in cold.shown] == [9]
    assert cold.shown[0].like % GROUPS == 9 % GROUPS


def test_readers_see_each_change(made: Made) -> None:
    assert len({person.user_id for person in made.content.readers}) == 6
    for person in made.content.readers:
        mine, theirs = ({place.item for place in side} for side in (person.mine, person.theirs))
        assert person.kept == len(mine & theirs)
        assert {place.item for place in person.mine if place.other is None} == mine - theirs
        assert all(place.why.startswith("now in place") for place in person.theirs if place.other is None)


def test_metrics_have_champion_and_floors(made: Made) -> None:
    metrics = made.content.metrics
    assert metrics.models == ("version 2 (causal)", "champion (1)", "ease", "popularity")
    assert metrics.shown_first == ("ndcg@20", "random_auc")
    assert metrics.rest == ("gini@20",)
    assert metrics.across() == ("random_auc", "ndcg@20")


class Tags(HTMLParser):
    """Tags, the places that could load something, handlers, ids and links inside the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.sources: list[str] = []
        self.handlers: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href"):
                self.sources.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def test_page_is_self_contained_and_escaped(made: Made) -> None:
    text = made.page.html
    found = Tags(text)
    assert made.page.name == "review_2.html"
    assert "script" not in found.tags
    assert not found.handlers
    assert len(found.ids) == len(set(found.ids))
    anchors = {source[1:] for source in found.sources if source.startswith("#")}
    assert anchors <= set(found.ids)
    assert {
        "worth",
        "truth",
        "checks",
        "metrics",
        "codes",
        "people",
        "items",
        "cold",
        "training",
        "lineage",
    } <= anchors
    assert all(source.startswith(("data:image/jpeg;base64,", "#")) for source in found.sources)
    assert "&lt;script&gt;alert" in text
    assert "root:x:0" not in text
    assert "#0a0b0" not in text  # every stand-in became a variable of the style sheet


def test_a_model_without_codes_evaluation_or_curve_still_gets_a_page(tmp_path: Path) -> None:
    settings, lake, reviewed = reviewed_shop(tmp_path)
    bare = replace(
        reviewed, version="9", model="ease", tables=None, run=replace(reviewed.run, curves={}, lineage={})
    )
    text = review_page(settings, lake, bare).html
    assert "A model of kind ease learns no confounder codes." in text
    assert "This version was not evaluated" in text
    assert "The run logged no training curve" in text


@pytest.mark.browser
def test_phone_in_dark_mode(made: Made) -> None:
    with browser.opened(Path(made.page.address), browser.PHONE, "dark") as (page, complaints):
        assert complaints == []
        assert browser.missing_pictures(page) == 0
        assert page.locator("img").count() > 50
        assert browser.sideways(page) <= 0
        assert browser.brightness(page, "body", "background-color") < 60
        assert browser.brightness(page, "body", "color") > 180
        assert browser.brightness(page, "figure svg text", "fill") > 180
        assert page.locator("section").first.inner_text().startswith("demo")
        assert "Version 2 may become champion" in page.locator("h1").inner_text()


@pytest.mark.browser
def test_desk_by_keyboard(made: Made) -> None:
    with browser.opened(Path(made.page.address), browser.DESK) as (page, complaints):
        assert browser.brightness(page, "body", "background-color") > 200
        assert browser.brightness(page, "figure svg text", "fill") < 90
        links = [link.inner_text() for link in page.locator("nav a").all()]
        stops = browser.tab_stops(page, len(links) + 4)
        assert len(links) >= 8
        assert stops[: len(links) + 1] == ["skip to the verdict", *links]
        assert "checks of the gate" in stops
        page.locator("nav a", has_text="People").focus()
        page.keyboard.press("Enter")
        assert page.locator("#people").bounding_box()["y"] < 844  # type: ignore[index]
        page.locator("summary").focus()
        page.keyboard.press("Enter")
        assert page.get_by_text("gini@20").is_visible()
        assert browser.sideways(page) <= 0
        assert complaints == []
