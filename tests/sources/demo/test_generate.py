"""The written shop: what is planted is what a strict reader finds; the same settings give the same bytes."""

import datetime as dt
import gzip
import io
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from causalrec.config import Settings
from causalrec.config.paths import PathSettings
from causalrec.config.source import SourceSettings
from causalrec.errors import SourceError
from causalrec.sources.demo.adapter import land_demo
from causalrec.sources.demo.generate import generate
from causalrec.sources.landing import Kind, arrival_dates, delivery_files
from causalrec.sources.progress import silent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Row = dict[str, Any]


def _lines(settings: Settings, kind: Kind, day: dt.date) -> list[str]:
    texts = []
    for name in delivery_files(settings.landing_root, kind, day):
        content = Path(name).read_bytes()
        texts.append((gzip.decompress(content) if name.endswith(".gz") else content).decode())
    return [line for text in texts for line in text.split("\n") if line]


def _truth(settings: Settings, name: str) -> Any:  # noqa: ANN401
    return json.loads((settings.truth_root / name).read_text())


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _common(row: Row, day: dt.date, key: str, time: str, required: tuple[str, ...]) -> str | None:
    """An independent reading of the landing contract: the first defect of a row."""
    if any(row.get(name) is None for name in required):
        return "missing_required"
    if not _is_time(row[time]):
        return "invalid_type"
    if row.get("arrival_date", day.isoformat()) != day.isoformat():
        return "wrong_partition"
    if any(ord(char) < 32 for char in row[key]):
        return "bad_id"
    if {"null", "nan", "none", "undefined"} & {row.get("user_id", "").lower(), row[key].lower()}:
        return "null_id"
    if _time(row[time]).date() > day:
        return "future_event"
    return None


def _is_time(given: object) -> bool:
    try:
        return _time(str(given)).tzinfo is not None
    except ValueError:
        return False


def _event_defect(row: Row, day: dt.date) -> str | None:
    found = _common(row, day, "item_id", "event_time", ("event_id", "event_time", "user_id", "item_id"))
    if found:
        return found
    if row["event_type"] not in ("impression", "view", "cart", "purchase"):
        return "unknown_event_type"
    if (day - _time(row["event_time"]).date()).days > 30:
        return "too_old"
    return None


def _product_defect(row: Row, day: dt.date) -> str | None:
    return _common(row, day, "item_id", "updated_at", ("item_id", "updated_at"))


def _judge(lines: list[str], day: dt.date, kind: Kind) -> tuple[dict[str, int], list[Row]]:
    """Rejects per reason, and the good rows."""
    rejects, good = Counter[str](), []
    key = "event_id" if kind == "events" else "item_id"
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            rejects["unparseable"] += 1
            continue
        defect = _event_defect(row, day) if kind == "events" else _product_defect(row, day)
        if defect:
            rejects[defect] += 1
        else:
            good.append(row)
    again = len(good) - len({row[key] for row in good})
    return dict(rejects + Counter(duplicate=again)), good


def test_planted_counts_are_what_the_files_contain(shop: Settings) -> None:
    planted, delivered = _truth(shop, "planted.json"), _truth(shop, "deliveries.json")
    kinds: tuple[Kind, ...] = ("events", "products")
    seen: set[str] = set()
    for kind in kinds:
        days = arrival_dates(shop.landing_root, kind)
        assert [day.isoformat() for day in days] == sorted(d for d in delivered if kind in delivered[d])
        for day in days:
            lines = _lines(shop, kind, day)
            rejects, _ = _judge(lines, day, kind)
            assert rejects == planted.get(day.isoformat(), {}).get(kind, {}), (kind, day)
            assert len(lines) == delivered[day.isoformat()][kind]["lines"]
            seen |= {f"{kind}.{reason}" for reason in rejects}
    assert {name for name in seen if name.startswith("events")} == {
        f"events.{reason}"
        for reason in (
            "unparseable", "missing_required", "invalid_type", "wrong_partition", "bad_id",
            "unknown_event_type",
            "future_event", "too_old", "null_id", "duplicate",
        )
    }  # fmt: skip


def test_broken_pictures_are_the_planted_ones(shop: Settings) -> None:
    root = Path(shop.image_roots[0])
    rows = _judge(_lines(shop, "products", shop.source.first_day), shop.source.first_day, "products")[1]
    found = Counter[str]()
    for row in rows:
        for ref in row["image_refs"]:
            found[_picture_defect(root, ref) or "good"] += 1
    good = found.pop("good")
    assert dict(found) == _truth(shop, "planted.json")[shop.source.first_day.isoformat()]["image_failures"]
    assert good > len(rows) / 2
    assert sum(not row["image_refs"] for row in rows) == 1
    assert sum("title" not in row for row in rows) == 1


def _picture_defect(root: Path, ref: str) -> str | None:
    if ".." in ref:
        return "image_forbidden"
    file = root / ref
    if not file.exists():
        return "image_missing"
    content = file.read_bytes()
    if not content:
        return "image_empty"
    if content.startswith(b"<"):
        return "image_not_an_image"
    try:
        picture = Image.open(io.BytesIO(content))
        picture.load()
    except Image.DecompressionBombError:
        return "image_bad_size"
    except OSError:
        return "image_corrupt"
    assert picture.size == (32, 32)
    return None


def test_late_events_and_redeliveries_come_after_their_day(shop: Settings) -> None:
    late = Counter[int]()
    for day in arrival_dates(shop.landing_root, "events"):
        for row in _judge(_lines(shop, "events", day), day, "events")[1]:
            late[(day - _time(row["event_time"]).astimezone(dt.UTC).date()).days] += 1
    assert set(late) == {0, 1, 2, 3}
    assert 0.05 < (late[1] + late[2] + late[3]) / late.total() < 0.15


def test_accidents_in_the_truth_are_delivered_or_on_their_way(shop: Settings) -> None:
    files = sorted((shop.truth_root / "accidents").iterdir())
    accidents = {id for file in files for id in pq.read_table(file)["event_id"].to_pylist()}
    rows = {
        row["event_id"]: row
        for day in arrival_dates(shop.landing_root, "events")
        for row in _judge(_lines(shop, "events", day), day, "events")[1]
    }
    seen = accidents & set(rows)
    assert len(seen) > 0.9 * len(accidents) > 0
    assert {rows[id]["event_type"] for id in seen} == {"view", "cart"}


def test_catalogue_is_a_snapshot_then_changes_with_a_new_brand(shop: Settings) -> None:
    first, *later = arrival_dates(shop.landing_root, "products")
    snapshot = _judge(_lines(shop, "products", first), first, "products")[1]
    brands = {row["brand"] for row in snapshot}
    known = {row["item_id"]: row for row in snapshot}
    new_brands, changed = set(), 0
    for day in later:
        for row in _judge(_lines(shop, "products", day), day, "products")[1]:
            new_brands |= {row["brand"]} - brands
            changed += row["item_id"] in known and row["price"] != known[row["item_id"]]["price"]
            known[row["item_id"]] = row
    assert new_brands == {"Lumen Nine"}
    assert len(known) == shop.source.items > len({row["item_id"] for row in snapshot})
    assert changed > 0


def _content(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_same_seed_same_bytes_other_seed_other_bytes(shop: Settings, tmp_path: Path) -> None:
    again = shop.model_copy(update={"paths": PathSettings(work=tmp_path / "again")})
    land_demo(again, silent, None)
    assert _content(shop.paths.work) == _content(again.paths.work)
    source = shop.source.model_copy(update={"seed": 8})
    other = Settings(paths=PathSettings(work=tmp_path / "other"), source=source)
    land_demo(other, silent, None)
    events = "landing/events/arrival_date=2026-01-29/part-0000.jsonl.gz"
    assert _content(other.paths.work)[events] != _content(shop.paths.work)[events]


@pytest.mark.spark
def test_spark_writes_the_same_bytes(shop: Settings, tmp_path: Path, spark: "SparkSession") -> None:
    steps: list[tuple[int, int]] = []
    rows = generate(
        shop.source,
        str(tmp_path / "landing"),
        str(tmp_path / "truth"),
        lambda a, b: steps.append((a, b)),
        spark,
    )
    here = _content(shop.paths.work)
    here.pop("landing/_landed.json")
    assert _content(tmp_path) == here
    assert steps[-1] == (len(steps), len(steps))
    delivered = _truth(shop, "deliveries.json")
    assert rows == sum(tables["events"]["lines"] for tables in delivered.values())


def test_second_call_writes_nothing_and_other_settings_are_refused(
    shop: Settings, tiny: SourceSettings
) -> None:
    stamps = {file: file.stat().st_mtime_ns for file in shop.paths.work.rglob("*")}
    assert land_demo(shop, silent, None)[1] is False
    assert {file: file.stat().st_mtime_ns for file in shop.paths.work.rglob("*")} == stamps
    bigger = shop.model_copy(update={"source": tiny.model_copy(update={"users": 61})})
    with pytest.raises(SourceError, match="other settings"):
        land_demo(bigger, silent, None)


def test_interrupted_writing_is_taken_up_again(shop: Settings, tmp_path: Path) -> None:
    again = shop.model_copy(update={"paths": PathSettings(work=tmp_path)})

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land_demo(again, stop, None)
    assert land_demo(again, silent, None)[1] is True
    assert _content(tmp_path) == _content(shop.paths.work)


def test_smallest_shop_is_whole(tmp_path: Path) -> None:
    source = SourceSettings(users=20, items=20, days=3)
    settings = Settings(paths=PathSettings(work=tmp_path), source=source)
    marker, _ = land_demo(settings, silent, None)
    assert (marker.first, marker.last) == ("2026-01-29", "2026-01-31")
    for day in arrival_dates(settings.landing_root, "events"):
        rejects, good = _judge(_lines(settings, "events", day), day, "events")
        assert len(good) > 3 * sum(rejects.values())
