"""``causalrec show USER --page``: complete, compared with the raw model, self-contained, readable."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from causalrec.dataset.load import load_dataset
from causalrec.registry.store import connect
from causalrec.registry.versions import by_number, opened
from causalrec.report.people import ListedItem, Person
from causalrec.report.person import Other, compared
from causalrec.scoring.raw_list import raw_list
from jobs.cli import main
from tests.jobs.conftest import EVIL, Registered
from tests.registry.shop import DS, replace_partition

pytestmark = pytest.mark.slow

USER, COLD, K = "u003", "u061", 6


class Page(HTMLParser):
    """Tags, sources and the texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def past_of(shop: Registered, user: str) -> tuple[str, ...]:
    rows = shop.lake.table("interactions").read({"ds": [DS.isoformat()]}).to_pylist()
    mine = sorted(
        (row for row in rows if row["user_id"] == user), key=lambda row: row["item_id"], reverse=True
    )
    return tuple(row["item_id"] for row in mine)


def by_hand(shop: Registered) -> list[str]:
    """All items that the user does not have, by the plain product of the stored states of the raw model."""
    with opened(by_number(connect(shop.settings), shop.settings, "1")) as package:
        tables = package.tables()
        assert tables is not None
        assert tables.raw_users is not None
        assert tables.raw_items is not None
        state = tables.raw_users[list(package.user_ids).index(USER)].astype(float)
        scores = tables.raw_items.astype(float) @ state
        ids = package.item_ids
    seen = set(past_of(shop, USER))
    return [str(ids[row]) for row in np.argsort(-scores, kind="stable") if str(ids[row]) not in seen]


@pytest.fixture(scope="module")
def published(registered: Registered) -> Registered:
    """A list with rows of other places and rows that the other list lacks; a cold user."""
    plain: dict[str, object] = {
        "reason_code": "similar_to_history",
        "model_version": "1",
        "dataset_id": "d",
        "fallback": None,
    }
    best = by_hand(registered)
    items = [best[1], best[0], "i005", best[2], *best[-2:]]
    rows: list[dict[str, object]] = [
        plain | {
            "user_id": user, "rank": rank, "item_id": item, "score": 1.0 / rank, "score_raw": 0.1,
            "score_rank": rank, "raw_rank": best.index(item) + 1 if item in best else None,
            "reason_text": f"because you chose {EVIL}", "confounder_code": "brand north",
        }
        for user, items in ((USER, items), (COLD, ["i001", "i002"]))
        for rank, item in enumerate(dict.fromkeys(items), start=1)
    ]  # fmt: skip
    for row in rows:
        row["fallback"] = "cold_user" if row["user_id"] == COLD else None
    replace_partition(registered.lake, "recommendations", DS, rows)
    return registered


@pytest.fixture(scope="module")
def page(published: Registered) -> Path:
    assert main(["show", USER, "--page", "--settings", str(published.file)]) == 0
    return Path(published.settings.report_store.uri) / f"user_{DS}_{USER}.html"


def test_places_by_hand() -> None:
    rows = tuple(
        ListedItem(rank, item, 1.0, "", None, None, None) for rank, item in enumerate("abc", start=1)
    )
    found, left_out = compared(Person("u", "plain", (), 0, rows, "1"), Other(("b", "a", "x"), ""))
    assert [(one.place, one.elsewhere) for one in found] == [(2, True), (1, True), (None, False)]
    assert left_out == {"x"}


def test_the_other_list_is_the_raw_top_k(published: Registered) -> None:
    settings = published.settings
    dataset = load_dataset(settings, published.lake, DS)
    found = raw_list(settings, published.lake, DS, dataset, "1", USER, past_of(published, USER), K)
    assert list(found.item_ids) == by_hand(published)[:K]
    cold = raw_list(settings, published.lake, DS, dataset, "1", COLD, (), K)
    assert (cold.item_ids, "only knows users it was trained on" in cold.why_not) == ((), True)
    gone = raw_list(settings, published.lake, DS, dataset, "99", USER, (), K)
    assert "version 99 is no longer available" in gone.why_not


def test_page_is_complete_self_contained_and_escaped(page: Path, published: Registered) -> None:
    text = page.read_text(encoding="utf-8")
    found = Page(text)
    assert "script" not in found.tags
    assert not found.handlers
    assert all(source.startswith("data:image/jpeg;base64,") for source in found.sources)
    assert found.tags.count("li") >= 2 * K - 1
    words = " ".join(" ".join(found.texts).split())
    assert f"because you chose {EVIL}" in words
    assert "list published for 2026-03-01 · model version 1" in words
    assert re.search(r"left out", words)
    assert "new" in found.texts
    assert "▲ 1" in words
    assert "▼ 1" in words
    assert all(item in text for item in past_of(published, USER) if item == "i005")


def test_a_cold_user_and_an_odd_id(published: Registered, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", COLD, "--page", "--ds", DS.isoformat(), "--settings", str(published.file)]) == 0
    assert "page: " in capsys.readouterr().out
    text = (Path(published.settings.report_store.uri) / f"user_{DS}_{COLD}.html").read_text(encoding="utf-8")
    assert "Nothing was known of this user" in text
    assert "There is nothing to compare with" in text
    assert main(["show", "../../etc", "--page", "--settings", str(published.file)]) == 1


@pytest.mark.browser
def test_a_phone_and_dark_mode(page: Path, tmp_path: Path) -> None:
    """Nothing is wider than a phone; the dark page is dark."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        for width, scheme in ((390, "light"), (390, "dark"), (1280, "dark")):
            tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            tab.goto(page.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            red = tab.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
            assert (int(red) < 60) == (scheme == "dark")
            broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).length"
            assert tab.evaluate(broken) == 0
            tab.screenshot(path=tmp_path / f"{width}_{scheme}.png", full_page=True)
            tab.close()
        browser.close()
