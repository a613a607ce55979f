"""The page of a night from real tables: complete, self-contained, escaped; and readable in a browser."""

import datetime as dt
import io
import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest
from PIL import Image
from rich.console import Console

from causalrec.config import Settings
from causalrec.lake import Lake, Ledger, Outcome, Written
from causalrec.lake.record.ledger import LedgerRow, new_row
from causalrec.report.night import NightFacts, read_night
from causalrec.report.nightly import nightly_page
from causalrec.report.page import Page
from causalrec.report.people import codes, one_person, people
from causalrec.report.thumbnails import Thumbnails
from causalrec.report.truth import TruthLine
from jobs.report import fields_of, tables_of
from tests.registry.shop import DS, replace_partition, settings_in, write_dataset
from tests.report import browser

EVIL = "<script>alert('x')</script> \"><img src=x onerror=alert(1)>"
JOBS = ("ingest_events", "score", "publish")
LOST = "LOST 1 of 10 rows (10.0%) as null_id: correct the export"


class Tags(HTMLParser):
    """Tags and the places that could load something from outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@dataclass(frozen=True)
class Finished:
    settings: Settings
    lake: Lake
    night: NightFacts
    page: Page


def row(user: str, rank: int, item: str, factual: float | None, **changes: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "user_id": user,
        "rank": rank,
        "item_id": item,
        "score": 1.0 / rank,
        "score_raw": factual,
        "score_rank": rank,
        "raw_rank": None if factual is None else 4 - rank,
        "reason_code": "similar_to_history",
        "reason_text": f"because you chose {EVIL}",
        "confounder_code": f"{EVIL} shoes",
        "fallback": None,
        "model_version": "1",
        "dataset_id": "d",
    }
    return plain | changes


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    settings = settings_in(tmp_path_factory.mktemp("night"))
    pictures = Path(settings.image_roots[0])
    pictures.mkdir(parents=True)
    Image.new("RGB", (300, 200), "teal").save(pictures / "i000.jpg")
    references = {0: "i000.jpg", 1: "../../../etc/passwd", 2: "gone.jpg"}
    write_dataset(settings, changes={"title": {0: EVIL}, "image_ref": references})
    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    rows = [row("u000", rank, f"i00{rank - 1}", 0.1 * rank) for rank in (1, 2, 3)]
    cold = {"fallback": "cold_user", "reason_text": "popular with other customers", "confounder_code": None}
    rows += [row("u061", 1, "i000", None, **cold)]
    replace_partition(lake, "recommendations", DS, rows)
    measure = {"dataset_id": "d", "model_version": "1", "split": "test", "metric": "ndcg", "k": 20}
    scores = {"causal": 0.3, "popularity": 0.1, "ease": 0.2}
    replace_partition(
        lake, "evaluations", DS, [measure | {"model": name, "value": value} for name, value in scores.items()]
    )
    night = _record(settings, lake, ledger)
    truth = (
        TruthLine("raw", 0.7, 0.6, (0.68, 0.72), (0.58, 0.62)),
        TruthLine(f"version {EVIL}", 0.8, 0.75, (0.78, 0.82), (0.73, 0.77), own=True),
    )
    return Finished(settings, lake, night, nightly_page(settings, lake, night, truth))


def _record(settings: Settings, lake: Lake, ledger: Ledger) -> NightFacts:
    """An ingest of two dates in one run, a failed score and a good one."""

    def entry(job: str, ds: dt.date, began: int, outcome: Outcome, failed: bool = False) -> LedgerRow:
        return new_row(
            job=job,
            ds=ds,
            started_at=dt.datetime(2026, 3, 2, began, tzinfo=dt.UTC),
            seconds=2.0,
            cpu_seconds=1.0,
            outcome=outcome,
            failed=failed,
            fingerprint="f",
            inputs={},
            code_version="0",
        )

    def written(table: str, rows: int, version: int) -> Written:
        return Written(table, "", version, rows, 1, "d", True)

    day_before = DS - dt.timedelta(days=1)
    rejects = {"duplicate": 3, EVIL: 1}
    note = f"{LOST} {EVIL}\nan ordinary remark"
    first = Outcome(10, 6, rejects, writes=(written("events", 6, 1), written("quarantine", 4, 1)), note=note)
    second = Outcome(20, 20, writes=(written("unread_fields", 1, 1), written("events", 20, 2)))
    field = {"column_name": "price", "reason_code": "invalid_type", "raw": json.dumps({"price": EVIL}),
             "item_id": "i", "source_file": "a.csv"}  # fmt: skip
    unread, place = lake.table("unread_fields"), {"table_name": "events", "arrival_date": DS.isoformat()}
    schema = pa.schema([one for one in unread.schema if one.name not in place])
    unread.replace(pa.Table.from_pylist([field], schema=schema), place)
    ledger.record([entry("ingest_events", day_before, 1, first), entry("ingest_events", DS, 1, second)])
    ledger.record([entry("score", DS, 2, Outcome(note="broken"), failed=True)])
    scored = Outcome(2, 4, writes=(written("recommendation_candidates", 4, 1),), counters={"users_plain": 2})
    ledger.record([entry("score", DS, 3, scored)])
    return read_night(settings, lake, ledger, DS, JOBS)


def test_lines_add_up_over_the_dates_of_one_run(finished: Finished) -> None:
    lines = {(line.job, line.table): line for line in finished.night.lines}
    events = lines["ingest_events", "events"]
    assert (events.rows_in, events.rows_out, events.rejected, events.seconds) == (30, 26, 4, 4.0)
    assert lines["ingest_events", "quarantine"].rows_out == 4
    assert lines["score", "recommendation_candidates"].status == "success"
    assert lines["publish", "-"].status == "not run"
    assert finished.night.rejects == {"duplicate": 3, EVIL: 1}


def test_losses_stand_in_red_on_the_page_and_in_the_table(finished: Finished) -> None:
    told = f"{DS - dt.timedelta(days=1)}: {LOST} {EVIL}"
    assert finished.night.losses == [("ingest_events", told)]
    text = finished.page.html
    assert '<section class="lost" role="alert">' in text
    assert text.count('<tr class="lost"><td>ingest_events</td><td>events</td>') == 1
    console = Console(file=io.StringIO(), width=240, force_terminal=True, color_system="standard")
    console.print(tables_of(finished.night))
    shown = cast(io.StringIO, console.file).getvalue()
    assert f"\x1b[1;31mingest_events {told}" in shown.replace("\x1b[0m", "")


def test_fields_that_are_empty_are_shown_with_an_example(finished: Finished) -> None:
    (one,) = finished.night.unread
    assert (one.column, one.reason, one.rows, one.example) == ("price", "invalid_type", 1, EVIL)
    assert "Fields left empty" in finished.page.html
    console = Console(file=io.StringIO(), width=240)
    console.print(fields_of(finished.night.unread))
    assert EVIL in cast(io.StringIO, console.file).getvalue()


def test_metrics_are_ordered_by_the_first_metric(finished: Finished) -> None:
    metrics = finished.night.metrics
    assert metrics is not None
    assert metrics.names == ("ndcg@20",)
    assert [line.model for line in metrics.models] == ["causal", "ease", "popularity"]


def test_people_and_codes(finished: Finished) -> None:
    found = {person.user_id: person for person in people(finished.settings, finished.lake, DS)}
    assert set(found) == {"u000", "u061"}
    assert [shown.moved for shown in found["u000"].shown] == [2, 0, -2]
    assert len(found["u000"].history) == min(found["u000"].chosen, 8)
    assert (found["u061"].label, found["u061"].history) == ("cold_user", ())
    (code,) = codes(finished.lake, DS)
    assert (code.rows, code.shift, code.items) == (3, 0.0, ("i000", "i001", "i002"))


def test_one_person_is_shown_whole(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causalrec.report.people.HISTORY", 1)
    monkeypatch.setattr("causalrec.report.people.RECOMMENDATIONS", 1)
    whole = one_person(finished.lake, DS, "u000")
    assert len(whole.history) == whole.chosen > 1
    assert [shown.rank for shown in whole.shown] == [1, 2, 3]


def test_page_is_self_contained_and_escaped(finished: Finished) -> None:
    text = finished.page.html
    tags = Tags(text)
    assert finished.page.name == "nightly_2026-03-01.html"
    assert "script" not in tags.tags
    assert not tags.handlers
    assert tags.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in tags.sources)
    assert "&lt;script&gt;alert" in text
    assert "root:x:0" not in text
    assert "Against the truth of this shop" in text
    assert "0.800" in text


def test_shares_of_capped_brands_stand_beside_what_was_asked(finished: Finished) -> None:
    told = {"night_share/brand <b>": 0.25, "night_cap/brand <b>": 0.2}
    night = replace(finished.night, counters={**finished.night.counters, "publish": told})
    assert night.caps == {"brand <b>": (0.25, 0.2)}
    text = nightly_page(finished.settings, Lake(finished.settings.lake_root), night).html
    assert "brand &lt;b&gt;" in text
    assert 'down">25.0 %</td><td class="n">20.0 %' in text
    assert "Largest shares of the places" not in finished.page.html


def test_pictures_stop_at_the_bound(finished: Finished) -> None:
    settings = finished.settings
    noise = Path(settings.image_roots[0])
    for number in range(60):
        Image.effect_noise((224, 224), 200).save(noise / f"n{number}.png")
    references = {f"n{number}": f"n{number}.png" for number in range(60)}
    thumbnails = Thumbnails(settings, references, most_bytes=100_000)
    uris = [thumbnails.uri(f"n{number}") for number in range(60)]
    used = [uri for uri in uris if uri]
    assert 1 < len(used) < 60
    assert sum(map(len, used[:-1])) < 100_000
    assert thumbnails.uri("unknown") is None


def test_empty_lake_still_gives_a_page(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    lake = Lake(settings.lake_root)
    page = nightly_page(settings, lake, read_night(settings, lake, Ledger(lake), DS, JOBS))
    text = page.html
    assert "Nothing has been published for this date." in text
    assert "No model has been evaluated up to this date." in text


@pytest.mark.browser
def test_nothing_is_wider_than_a_phone(finished: Finished) -> None:
    with browser.opened(Path(finished.page.address), browser.PHONE, "dark") as (page, complaints):
        assert complaints == []
        assert browser.sideways(page) <= 0


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_browser_draws_it(finished: Finished, width: int, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium (Debian: apt-get install chromium)")
    shot = tmp_path / "shot.png"
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},3000", f"--screenshot={shot}",
        Path(finished.page.address).as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    picture = Image.open(shot).convert("RGB")
    colours = picture.getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 20
