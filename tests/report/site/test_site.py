"""The site of a small shop: complete, safe with hostile texts, and usable on a phone, by keyboard, by ear."""

import datetime as dt
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from PIL import Image

from causalrec.config import Settings
from causalrec.erasure.folders import PageStore
from causalrec.errors import ScoringError
from causalrec.lake import Lake, LedgerRow, Outcome
from causalrec.lake.record.ledger import new_row
from causalrec.lake.upkeep.subject import Subject
from causalrec.report.site.items import words_of
from causalrec.report.site.nights import night_lines
from causalrec.report.site.people import people_of
from causalrec.report.site.shards import Kind, sorted_ids
from causalrec.report.site.write import NAVIGATION, Site, write_site
from jobs.cli import main
from tests.registry.shop import DS, replace_partition, settings_in, write_dataset
from tests.report import browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

EVIL = "<script>alert('x')</script> \"><img src=x onerror=alert(1)>"
ODD = "ü 1/<b>#%&"
AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"


@dataclass(frozen=True)
class Written:
    settings: Settings
    lake: Lake
    site: Site

    @property
    def folder(self) -> Path:
        return Path(self.site.page).parent


def listed(user: str, rank: int, item: str, **changes: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "user_id": user, "rank": rank, "item_id": item, "score": 1.0 / rank, "score_raw": 0.1,
        "score_rank": rank, "raw_rank": rank + 2, "reason_code": "similar_to_history",
        "reason_text": f"because you chose {EVIL}", "confounder_code": f"brand {EVIL}", "fallback": None,
        "model_version": "1", "dataset_id": "d",
    }  # fmt: skip
    return plain | changes


def ran(job: str, rejected: int, failed: bool) -> LedgerRow:
    note = "LOST 1 of 10 rows (10.0%) as null_id: correct the export" if rejected else ""
    return new_row(
        job=job, ds=DS, started_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC), seconds=1, cpu_seconds=2,
        outcome=Outcome(5, 5, {"duplicate": rejected}, note=note), failed=failed, fingerprint="f", inputs={},
        code_version="0",
    )  # fmt: skip


ROWS = (ran("score", 1, True), ran("score", 2, False), ran("publish", 0, True))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    settings = settings_in(tmp_path_factory.mktemp("site"))
    pictures = Path(settings.image_roots[0])
    pictures.mkdir(parents=True)
    Image.new("RGB", (300, 200), "teal").save(pictures / "i000.jpg")
    titles = {0: EVIL, 1: "Red silk scarf", 2: "Red lamp"}
    write_dataset(settings, changes={"title": titles, "image_ref": {0: "i000.jpg", 1: "../../etc/passwd"}})
    lake = Lake(settings.lake_root)
    rows = [listed("u000", rank, f"i00{rank - 1}") for rank in (1, 2, 3)]
    rows += [listed(ODD, 1, "i001", fallback="cold_user", raw_rank=None, confounder_code=None)]
    replace_partition(lake, "recommendations", DS, rows)
    near = [{"item_id": "i001", "rank": 1, "similar_item_id": "i002", "score": 0.5, "model_version": "1"}]
    replace_partition(lake, "similar_items", DS, [row | {"dataset_id": "d"} for row in near])
    check = {"dataset_id": "d", "model_version": "1", "decision": "promote", "position": 1}
    check |= {"name": "champion", "status": "pass", "detail": EVIL}
    replace_partition(lake, "gate_checks", DS, [check])
    Path(settings.report_store.uri).mkdir(parents=True)
    for name in (f"nightly_{DS}", "review_1", "landing"):
        (Path(settings.report_store.uri) / f"{name}.html").write_text(
            f"<!doctype html><title>{name}</title><p>{name}"
        )
    return Written(settings, lake, write_site(settings, lake, ROWS))


class Links(HTMLParser):
    """Where a page leads and what it loads."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.handlers: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_every_link_is_relative_and_leads_to_a_page(written: Written) -> None:
    pages = sorted(written.folder.glob("*.html"))
    assert {file for file, _ in NAVIGATION} <= {page.name for page in pages}
    for page in pages:
        found = Links(page)
        assert found.handlers == []
        for target in found.targets:
            file = target.partition("#")[0]
            assert not re.match(r"\w+:|/", file), (page.name, target)
            assert not file or (page.parent / file).resolve().exists(), (page.name, target)


def test_every_page_that_exists_hangs_in_it(written: Written) -> None:
    everything = Links(written.folder / "pages.html").targets
    for name in (f"nightly_{DS}.html", "review_1.html", "landing.html"):
        assert f"view_{name}" in everything
        assert f"../{name}" in Links(written.folder / f"view_{name}").targets
    assert f"view_nightly_{DS}.html" in Links(written.folder / "index.html").targets
    assert "view_review_1.html" in Links(written.folder / "models.html").targets


def test_a_line_of_the_front_page_is_the_newest_run_of_every_stage(written: Written) -> None:
    (line,) = night_lines(written.lake, ROWS)
    assert (line.published, line.jobs, line.failed, line.rejected, line.cpu_seconds) == (
        4,
        1,
        ("publish",),
        2,
        4,
    )
    assert [loss[:20] for loss in line.lost] == ["LOST 1 of 10 rows (1"]


def test_hostile_texts_are_texts(written: Written) -> None:
    for page in written.folder.glob("*.html"):
        assert "<script>alert" not in page.read_text(encoding="utf-8")
    assert written.site == Site(written.site.page, DS, 2, 2, 40, 3)


def test_a_larger_shop_gets_a_fixed_sample(written: Written) -> None:
    (one, all_of_them), (again, _) = people_of(written.lake, DS, 1), people_of(written.lake, DS, 1)
    assert (len(one.ids), all_of_them) == (1, 2)
    assert one.ids == again.ids


def test_words_lead_to_the_items_in_most_lists() -> None:
    ids = sorted_ids(pa.array(["a", "b", "c"]))
    about = pa.table(
        {"title": ["Red lamp", "red Scarf", None], "brand": ["Lux", None, None], "lists": [1, 5, 0]}
    )
    found = words_of(Kind("items", ids, about, 2))
    words: dict[str, list[int]] = {word: [] for word in found.ids.to_pylist()}
    items = found.groups["items"]
    for of, item in zip(items.of, items.rows["item"].to_pylist(), strict=True):
        words[found.ids[int(of)].as_py()].append(item)
    assert words == {"lamp": [0], "lux": [0], "red": [1, 0], "scarf": [1]}


def test_nothing_published(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with pytest.raises(ScoringError, match="nothing has been published"):
        write_site(settings, Lake(settings.lake_root), ())


def test_erasing_a_user_deletes_what_shows_them_and_the_next_site_is_whole(
    written: Written, tmp_path: Path
) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(f'[paths]\nwork = "{written.settings.paths.work}"\n', encoding="utf-8")
    store = PageStore(Path(written.settings.report_store.uri))
    store.erase(Subject.user("u000"))
    assert not (written.folder / "data" / "people-0.js").exists()
    assert (written.folder / "data" / "items-0.js").exists()
    assert main(["site", "--settings", str(file)]) == 0
    assert (written.folder / "data" / "people-0.js").exists()
    assert not list(Path(written.settings.report_store.uri).glob(".site*"))


def complaints_of(page: "Page") -> list[str]:
    """What axe finds at fault: contrast, names, order of headings, landmarks and the rest of its rules."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: Any = page.evaluate(
        "axe.run(document, {iframes: false}).then(r => r.violations.map(v => v.id + ' ' + v.nodes[0].html))"
    )
    return list(found)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme", "pages"), [(390, "light", "*"), (1400, "dark", "[im]*")])
def test_every_page_in_a_browser(written: Written, width: int, scheme: str, pages: str) -> None:
    with browser.window(width, scheme) as page:
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("requestfailed", lambda request: heard.append(request.url[:200]))
        page.on(
            "request", lambda one: None if one.url.startswith(("file:", "data:")) else heard.append(one.url)
        )
        for file in sorted(written.folder.glob(f"{pages}.html")):
            page.goto(file.as_uri())
            assert browser.sideways(page) <= 0, file.name
            assert complaints_of(page) == [], file.name
        for start, words in (
            ("people.html#u000", ["Red silk scarf", "▲ 2"]),
            ("items.html#i001", ["Similar"]),
        ):
            page.goto(f"{written.folder.as_uri()}/{start}")
            page.wait_for_selector("#shown h1")
            page.wait_for_selector("#shown .item:not(:has(.photo))", state="detached")
            assert all(word in page.inner_text("#shown") for word in words)
            assert (browser.sideways(page), complaints_of(page), browser.missing_pictures(page)) == (0, [], 0)
        assert heard == []


@pytest.mark.browser
def test_search_and_keyboard(written: Written) -> None:
    with browser.window(390) as page:
        page.goto(Path(written.site.page).as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate(browser.FOCUSED) == "Skip to the content"
        for text, found in (
            ("red SCARF", "Red silk scarf"),
            ("u00", "u000"),
            ("i002", "Red lamp"),
            ("zzz", "Nothing"),
        ):
            page.fill("#q", text)
            page.keyboard.press("Enter")
            page.wait_for_selector(f"#shown:has-text('{found}')")
        page.fill("#q", ODD)
        page.keyboard.press("Enter")
        page.click("#shown .chips a")
        page.wait_for_selector("#shown h1")
        assert page.inner_text("#shown h1") == ODD
        assert page.evaluate("document.activeElement.tagName") == "H1"
        assert "Nothing was known of this user." in page.inner_text("#shown")


@pytest.mark.browser
def test_the_check_of_contrast_and_names_can_fail() -> None:
    with browser.window(390) as page:
        page.set_content("<p style='color:#bbb;background:#fff'>pale</p><img src='data:,'>")
        found = " ".join(complaints_of(page))
        assert "color-contrast" in found
        assert "image-alt" in found
