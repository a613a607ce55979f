"""The features page from real tables: every number by hand, complete, self-contained, escaped, narrow."""

import datetime as dt
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from causalrec.config import Settings
from causalrec.config.feature_page import FeaturePageSettings
from causalrec.features.catalogue import latest_items
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.encoders.text import text_encoder_id
from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.record.ledger import new_row
from causalrec.report.features.drift import mean_shift
from causalrec.report.features.encoders import directions
from causalrec.report.features.failures import failures_by_reason
from causalrec.report.features.gallery import read_galleries
from causalrec.report.features.modality import Floats
from causalrec.report.features.neighbours import all_neighbours, nearest, overlap
from causalrec.report.features.page import DRIFT_WARNING, feature_page
from causalrec.report.features.projection import draw_map, leaf_category, principal_plane
from causalrec.report.features.summary import Summary
from causalrec.report.page import Page
from jobs import features
from jobs._stage.runner import EXIT_REFUSED, main
from jobs.cli import main as command
from tests.features.shop import images, products, shop_settings, vectors
from tests.report.test_nightly import EVIL, Tags

pytestmark = pytest.mark.slow

BEFORE, DS = dt.date(2026, 2, 28), dt.date(2026, 3, 1)
ITEMS = 30
NEW = 4
OLD_ENCODER = "image-old-0123456789ab-p1"


@dataclass(frozen=True)
class Made:
    settings: Settings
    lake: Lake
    page: Page
    picture: Summary
    text: Summary


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """30 items over two dates: i000 and i001 have the same bytes, i002 and i003 nearly the same vector."""
    settings, lake = shop_settings(tmp_path_factory.mktemp("shop"))
    names = [f"i{number:03d}" for number in range(ITEMS)]
    for item in names[:5]:
        Image.new("RGB", (60, 60), "teal").save(Path(settings.image_roots[0]) / f"{item}.jpg")
    Image.new("RGB", (60, 60), "olive").save(Path(settings.image_roots[0]) / "i004-1.jpg")
    titles = {item: f"Thing {item}" for item in names} | {"i000": EVIL}
    hashes = {item: f"{number:064x}" for number, item in enumerate(names)} | {"i001": f"{0:064x}"}
    for day, part in ((BEFORE, names[:-NEW]), (DS, names[-NEW:])):
        products(lake, day, {item: [f"{item}.jpg"] for item in part}, titles)
        further = {"i004": hashes["i002"], "i005": hashes["i005"]} if day == BEFORE else None
        images(lake, day, {item: hashes[item] for item in part}, second=further)
    _fail(
        lake,
        BEFORE,
        {"i004": ("image_corrupt", 1), "gone": ("image_missing", 0), "mended": ("image_missing", 0)},
    )
    _fail(lake, DS, {"bad": ("image_missing", 0)})
    images(lake, DS, {item: hashes[item] for item in names[-NEW:]} | {"mended": f"{99:064x}"})
    rng = np.random.default_rng(0)
    rows = unit(rng.normal(size=(ITEMS, 8)))
    rows[3] = unit(rows[2:3] + 0.01 * rng.normal(size=(1, 8)))[0]
    rows[-NEW:] = unit(rows[-NEW:] * 0.1 + [5, 0, 0, 0, 0, 0, 0, 0])
    known = [f"{number:064x}" for number in range(ITEMS) if number != 1]
    encoder = image_encoder_id(settings.features.image)
    vectors(lake, encoder, known, np.delete(rows, 1, axis=0))
    vectors(lake, OLD_ENCODER, known[:-NEW], unit(rng.normal(size=(len(known) - NEW, 5))))
    texts = latest_items(lake, DS)["text_key"].tolist()
    vectors(lake, text_encoder_id(settings.features.text), texts[1:], unit(rng.normal(size=(ITEMS - 1, 4))))
    for job, name in (
        ("embed_images", OLD_ENCODER),
        ("embed_texts", text_encoder_id(settings.features.text)),
    ):
        _ran(lake, job, BEFORE, name)
    page, (picture, text) = feature_page(settings, lake, DS)
    return Made(settings, lake, page, picture, text)


def _fail(lake: Lake, day: dt.date, places: dict[str, tuple[str, int]]) -> None:
    table = lake.table("image_failures")
    rows = [
        {"item_id": item, "position": place, "image_ref": f"{EVIL}.jpg", "reason_code": code, "detail": EVIL,
         "delivered_on": day, "attempt": 1,
         "retry_on": day + dt.timedelta(days=1) if code == "image_missing" else None}
        for item, (code, place) in places.items()
    ]  # fmt: skip
    table.replace(
        pa.Table.from_pylist([row | {"arrival_date": day} for row in rows], schema=table.schema),
        {"arrival_date": day.isoformat()},
    )


def _ran(lake: Lake, job: str, day: dt.date, encoder: str) -> None:
    row = new_row(
        job=job, ds=day, started_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC), seconds=1.0, cpu_seconds=1.0,
        outcome=Outcome(counters={"images_decoded": 3}), failed=False, fingerprint="f",
        inputs={"encoder": encoder}, code_version="0",
    )  # fmt: skip
    Ledger(lake).record([row])


def test_duplicates_by_hash_and_by_vector(made: Made) -> None:
    assert (made.picture.equal.groups, made.picture.equal.items) == (1, 2)
    assert set(made.picture.equal.shown[0].items) == {"i000", "i001"}
    (pair,) = [group for group in made.picture.near.shown if "i002" in group.items]
    assert set(pair.items) >= {"i002", "i003"}
    assert pair.cosine > 0.99
    assert made.text.equal.groups == 0


def test_a_content_without_a_vector_is_counted(made: Made) -> None:
    assert (made.picture.modality.missing, made.text.modality.missing) == (0, 1)
    assert len(made.picture.modality.keys) == ITEMS - 1


def test_drift_names_what_is_new_and_that_the_encoder_changed(made: Made) -> None:
    drift = made.picture.drift
    assert drift is not None
    assert (drift.since, drift.encoder_before) == (BEFORE, OLD_ENCODER)
    assert (drift.new, drift.kept, drift.gone) == (NEW, ITEMS - 1 - NEW, 0)
    assert drift.ratio is not None
    assert drift.ratio > DRIFT_WARNING
    assert drift.agreement is not None
    assert 0 <= drift.agreement < 1
    assert made.text.drift is not None
    assert made.text.drift.agreement is None


def test_every_encoder_has_its_own_line(made: Made) -> None:
    lines = {line.encoder_id: line for line in made.picture.encoders}
    old, now = lines[OLD_ENCODER], made.picture.encoders[0]
    assert (now.current, now.stored, now.dim, now.bad) == (True, ITEMS - 1, 8, 0)
    assert (old.current, old.stored, old.dim) == (False, ITEMS - 1 - NEW, 5)
    assert now.norm_low == pytest.approx(1, abs=1e-5)


def test_failures_stand_until_they_are_mended(made: Made) -> None:
    found = {reason.code: reason for reason in failures_by_reason(made.lake, DS, 2)}
    assert {code: (reason.standing, reason.tonight) for code, reason in found.items()} == {
        "image_missing": (2, 1),
        "image_corrupt": (1, 0),
    }
    assert found["image_missing"].examples[0].item_id == "bad"
    missing, corrupt = found["image_missing"], found["image_corrupt"]
    assert (missing.waiting, missing.next_try) == (2, BEFORE + dt.timedelta(days=1))
    assert (missing.examples[0].attempt, missing.examples[0].retry_on) == (1, DS + dt.timedelta(days=1))
    assert (corrupt.waiting, corrupt.next_try, corrupt.examples[0].retry_on) == (0, None, None)
    before = {reason.code: reason.standing for reason in failures_by_reason(made.lake, BEFORE, 0)}
    assert before == {"image_missing": 2, "image_corrupt": 1}


def test_galleries_whose_pictures_are_least_alike_come_first(made: Made) -> None:
    encoder = image_encoder_id(made.settings.features.image)
    ids = pd.Series(latest_items(made.lake, DS)["item_id"])
    found = read_galleries(made.lake, DS, ids, encoder, 5)
    assert (found.items, found.pictures) == (2, ITEMS + 2)
    apart, same = found.shown
    assert (apart.item_id, same.item_id) == ("i004", "i005")
    assert [picture.reference for picture in apart.pictures] == ["i004.jpg", "i004-1.jpg"]
    first, other = apart.pictures
    assert first.cosine == pytest.approx(1, abs=1e-6)
    assert other.cosine is not None
    assert abs(other.cosine) < 0.99
    assert same.pictures[1].cosine == pytest.approx(1, abs=1e-6)
    none = read_galleries(made.lake, DS, ids, "image-none-0123456789ab-p1", 1).shown
    assert [picture.cosine for picture in none[0].pictures] == [None, None]
    assert read_galleries(made.lake, DS, ids[:0], encoder, 5).shown == ()


def test_the_page_shows_galleries_and_the_next_try(made: Made) -> None:
    text = made.page.html
    assert 'alt="picture 2 of Thing i004"' in text
    assert f"2 tried again from {BEFORE + dt.timedelta(days=1)}" in text
    assert f"{DS + dt.timedelta(days=1)}</td>" in text


def test_the_page_is_self_contained_and_escaped(made: Made) -> None:
    text = made.page.html
    tags = Tags(text)
    assert made.page.name == "features_2026-03-01.html"
    assert "script" not in tags.tags
    assert not tags.handlers
    assert tags.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in tags.sources)
    assert "&lt;script&gt;" in text
    assert "new contents differ from those before" in text
    assert tags.tags.count("circle") == 2 * (ITEMS - 1)


def test_an_empty_lake_still_gives_a_page(tmp_path: Path) -> None:
    settings, lake = shop_settings(tmp_path)
    page, _ = feature_page(settings, lake, DS)
    text = page.html
    assert "no vectors yet" in text
    assert "This is the first run." in text


def test_both_commands_write_it(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'[paths]\nwork = "{made.settings.paths.work}"\n')
    arguments = ["--ds", "2026-03-01", "--settings", str(file)]
    assert main(features.JOB, arguments) == 0
    assert command(["features", *arguments]) == 0
    assert capsys.readouterr().out.count("features_2026-03-01.html") == 2
    file.write_text("nonsense = 1\n")
    assert main(features.JOB, arguments) == EXIT_REFUSED


def test_a_sample_is_the_same_on_every_date(made: Made, tmp_path: Path) -> None:
    small = made.settings.model_copy(
        update={"feature_page": FeaturePageSettings(sample=10), "paths": made.settings.paths}
    )
    _, (picture, _) = feature_page(small, made.lake, DS)
    assert len(picture.modality.keys) <= 10
    assert set(picture.modality.items) <= set(latest_items(made.lake, DS)["item_id"])


@given(st.integers(0, 2**16), st.integers(1, 12), st.integers(1, 6))
def test_neighbours_are_those_of_the_full_table(seed: int, count: int, k: int) -> None:
    rows = unit(np.random.default_rng(seed).normal(size=(count, 4)))
    table = rows @ rows.T
    np.fill_diagonal(table, -np.inf)
    found = all_neighbours(rows, k)
    for row in range(count):
        want = sorted(range(count), key=lambda other: -table[row, other])[: min(k, count - 1)]
        assert found.rows[row].tolist() == want + [-1] * (k - len(want))


def test_neighbours_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = unit(np.random.default_rng(1).normal(size=(50, 6)))
    whole = nearest(rows, rows, 3)
    monkeypatch.setattr("causalrec.report.features.neighbours.CELLS", 120)
    blocked = nearest(rows, rows, 3)
    assert np.array_equal(whole.rows, blocked.rows)
    assert whole.rows[:, 0].tolist() == list(range(50))
    assert overlap(whole, blocked) == 1.0


def test_same_category_by_hand() -> None:
    rows = unit(np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]]))
    found = all_neighbours(rows, 1)
    assert found.same(np.array(["a", "a", "b", "c"], dtype=object)) == 0.5
    assert found.same(np.array(["a", "a", "b", None], dtype=object)) == 1.0
    assert found.same(np.array([None] * 4, dtype=object)) is None


def test_drift_is_about_one_where_nothing_changed_and_grows_with_a_shift() -> None:
    rng = np.random.default_rng(3)

    def drawn(count: int) -> Floats:
        return rng.normal(size=(count, 20)).astype(np.float32)

    ratios = [mean_shift(drawn(40), drawn(90)) for _ in range(200)]
    assert np.mean([ratio for ratio in ratios if ratio is not None]) == pytest.approx(1, abs=0.06)
    moved = mean_shift(drawn(40) + 1, drawn(90))
    assert moved is not None
    assert moved > 10
    assert mean_shift(np.ones((1, 3), np.float32), np.ones((5, 3), np.float32)) is None
    assert mean_shift(np.ones((2, 3), np.float32), np.ones((5, 3), np.float32)) == 0.0


def test_directions_by_hand() -> None:
    assert directions(np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)) == pytest.approx(2)
    assert directions(np.array([[1, 0], [-1, 0]], np.float32)) == pytest.approx(1)
    assert np.isnan(directions(np.ones((3, 2), np.float32)))


def test_the_map_keeps_the_largest_variance_and_colours_the_largest_categories() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 5)) * [10, 5, 0.1, 0.1, 0.1]
    place, variance = principal_plane(rows.astype(np.float32))
    assert variance > 0.99
    assert abs(np.corrcoef(place[:, 0], rows[:, 0])[0, 1]) > 0.99
    category = np.array(["a"] * 30 + ["b"] * 20 + ["c"] * 9 + [None], dtype=object)
    drawn = draw_map(rows.astype(np.float32), [""] * 60, category, 2)
    assert (drawn.legend, drawn.others) == ((("a", 30), ("b", 20)), 10)
    assert all(0 <= point.x <= 640 and 0 <= point.y <= 420 for point in drawn.points)
    assert draw_map(rows[:2].astype(np.float32), ["", ""], category[:2], 2).points == ()


def test_a_category_is_the_end_of_its_path() -> None:
    paths = pd.Series(["Apparel > Shirts", "Shoes", None, " ", "A>B> C "])
    assert leaf_category(paths).tolist() == ["Shirts", "Shoes", None, None, "C"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(made: Made, width: int, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium (Debian: apt-get install chromium)")
    measure = (
        "<script>parent.document.title = innerWidth + ' ' + document.documentElement.scrollWidth</script>"
    )
    text = made.page.html
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text) + measure
    copy = tmp_path / "copy.html"  # in a frame: a window cannot be as narrow as a telephone
    frame = f'style="border: 0; width: {width}px; height: 2000px" srcdoc="{escape(text)}"'
    copy.write_text(f"<title></title><iframe {frame}></iframe>", "utf-8")
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},3000", "--dump-dom", copy.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, timeout=180, text=True)
    title = re.search(r"<title>(\d+) (\d+)</title>", done.stdout)
    assert title is not None
    assert (int(title[1]), int(title[2])) == (width, width)
