"""H&M layout: exact rows from five lines, the same on the second call, clear errors."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config import Settings
from causalrec.config.paths import PathSettings
from causalrec.config.source import SourceSettings
from causalrec.errors import ContractError, SettingsError, SourceError
from causalrec.sources.hm.adapter import land_hm
from causalrec.sources.hm.events import SCHEMA as EVENT_SCHEMA
from causalrec.sources.hm.events import to_events
from causalrec.sources.landing import arrival_dates, delivery_files
from causalrec.sources.progress import silent

FIRST, SECOND = dt.date(2018, 9, 20), dt.date(2018, 9, 21)


def _settings(tmp_path: Path, raw: Path) -> Settings:
    return Settings(
        paths=PathSettings(work=tmp_path / "work", image_roots=("{raw}/images",)),
        source=SourceSettings(kind="hm", raw=str(raw)),
    )


def _rows(settings: Settings, day: dt.date, kind: str = "events") -> pa.Table:
    (file,) = delivery_files(settings.landing_root, kind, day)  # type: ignore[arg-type]
    return pq.read_table(file)


def test_purchases_become_native_events(tmp_path: Path, raw: Path) -> None:
    settings = _settings(tmp_path, raw)
    marker, wrote = land_hm(settings, silent)
    assert (wrote, marker.rows, marker.first, marker.last) == (True, 5, "2018-09-20", "2018-09-21")
    assert arrival_dates(settings.landing_root, "events") == [FIRST, SECOND]
    table = _rows(settings, FIRST)
    assert table.schema == EVENT_SCHEMA
    rows = table.to_pylist()
    assert [row["event_id"] for row in rows] == [
        "20180920-0108775015-aaa-1",
        "20180920-0108775015-bbb-1",
        "20180920-0108775015-aaa-2",
        "20180920-0200000001-aaa-1",
    ]
    assert [row["price"] for row in rows] == [0.01, 0.02, 0.03, 0.04]
    assert {row["event_type"] for row in rows} == {"purchase"}
    assert {row["event_time"].date() for row in rows} == {FIRST}
    basket = {row["event_id"]: row["event_time"] for row in rows}
    assert basket["20180920-0108775015-aaa-2"] - basket["20180920-0108775015-aaa-1"] == dt.timedelta(
        seconds=1
    )
    assert basket["20180920-0200000001-aaa-1"] == basket["20180920-0108775015-aaa-1"]
    assert [row["item_id"] for row in _rows(settings, SECOND).to_pylist()] == ["0200000001"]


def test_articles_become_one_snapshot_on_the_first_day(tmp_path: Path, raw: Path) -> None:
    settings = _settings(tmp_path, raw)
    land_hm(settings, silent)
    assert arrival_dates(settings.landing_root, "products") == [FIRST]
    midnight = dt.datetime(2018, 9, 20, tzinfo=dt.UTC)
    assert _rows(settings, FIRST, "products").to_pylist() == [
        {
            "item_id": "0108775015", "title": "Strap top", "brand": None, "price": None,
            "updated_at": midnight,
            "description": 'Soft, with "straps" Colour: Black (Dark). Appearance: Solid. Department: Jersey.',
            "category": "Ladieswear > Garment Upper body > Vest top", "image_refs": ["010/0108775015.jpg"],
        },
        {
            "item_id": "0200000001", "title": "Sock", "brand": None, "price": None, "updated_at": midnight,
            "description": "Colour: White (Light). Appearance: Stripe. Department: Basics.",
            "category": "Menswear > Socks & Tights > Socks", "image_refs": ["020/0200000001.jpg"],
        },
    ]  # fmt: skip


def test_second_call_writes_nothing_and_changed_files_are_converted_again(tmp_path: Path, raw: Path) -> None:
    settings = _settings(tmp_path, raw)
    land_hm(settings, silent)
    (file,) = delivery_files(settings.landing_root, "events", FIRST)
    stamp = Path(file).stat().st_mtime_ns
    assert land_hm(settings, silent)[1] is False
    lines = (raw / "transactions_train.csv").read_text().splitlines(keepends=True)
    (raw / "transactions_train.csv").write_text("".join(lines[:1] + lines[2:]))  # the only line of day two
    marker, wrote = land_hm(settings, silent)
    assert (wrote, marker.rows, marker.last) == (True, 4, "2018-09-20")
    assert arrival_dates(settings.landing_root, "events") == [FIRST]
    assert Path(file).stat().st_mtime_ns == stamp, "a day with the same purchases is left alone"
    assert not list((tmp_path / "work").glob(".spool-*"))


def test_image_roots_are_those_of_the_raw_folder(tmp_path: Path, raw: Path) -> None:
    assert _settings(tmp_path, raw).image_roots == (str(raw / "images"),)
    with pytest.raises(SettingsError, match="CAUSALREC__SOURCE__RAW"):
        _ = Settings(paths=PathSettings(image_roots=("{raw}/images",))).image_roots


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("transactions_train.csv", "article_id", "article"), ("articles.csv", "prod_name", "name")],
)
def test_renamed_column_is_named(tmp_path: Path, raw: Path, name: str, old: str, new: str) -> None:
    text = (raw / name).read_text()
    (raw / name).write_text(text.replace(old, new, 1))
    with pytest.raises(ContractError, match=rf"{name}: column {old} expected, found .*{new}"):
        land_hm(_settings(tmp_path, raw), silent)


def test_retyped_value_is_named(tmp_path: Path, raw: Path) -> None:
    text = (raw / "transactions_train.csv").read_text()
    (raw / "transactions_train.csv").write_text(text.replace("0.02", "cheap"))
    with pytest.raises(ContractError, match=r"transactions_train\.csv.*cheap"):
        land_hm(_settings(tmp_path, raw), silent)


def test_line_without_a_date_is_refused(tmp_path: Path, raw: Path) -> None:
    text = (raw / "transactions_train.csv").read_text()
    (raw / "transactions_train.csv").write_text(text.replace("2018-09-21,", ","))
    with pytest.raises(ContractError, match="without t_dat"):
        land_hm(_settings(tmp_path, raw), silent)


def test_absent_and_empty_raw_files(tmp_path: Path, raw: Path) -> None:
    with pytest.raises(SourceError, match=r"no articles\.csv"):
        land_hm(_settings(tmp_path, tmp_path / "nowhere"), silent)
    header = (raw / "transactions_train.csv").read_text().splitlines()[0]
    (raw / "transactions_train.csv").write_text(header + "\n")
    with pytest.raises(SourceError, match="no transactions"):
        land_hm(_settings(tmp_path, raw), silent)


def test_times_stay_within_the_day_for_any_number_of_repeats() -> None:
    many = pa.table({"customer_id": ["a"] * 9_000, "article_id": ["1"] * 9_000, "price": [1.0] * 9_000})
    events = to_events(many, FIRST).to_pandas()
    assert events["event_id"].is_unique
    assert set(events["event_time"].dt.date) == {FIRST}


@pytest.mark.slow
@pytest.mark.shared_data
def test_real_sample_arrives_complete(tmp_path: Path, shared_data: Path) -> None:
    settings = _settings(tmp_path, shared_data / "hm_sample")
    marker, _ = land_hm(settings, silent)
    source = pd.read_csv(
        shared_data / "hm_sample" / "transactions_train.csv", dtype={"article_id": str, "customer_id": str}
    )
    files = [
        file
        for day in arrival_dates(settings.landing_root, "events")
        for file in delivery_files(settings.landing_root, "events", day)
    ]
    landed = pd.concat([pq.read_table(file).to_pandas() for file in files])
    assert marker.rows == len(landed) == len(source) == 9_002
    assert landed["event_id"].is_unique
    days = landed["event_time"].dt.strftime("%Y-%m-%d")
    assert Counter(zip(days, landed["user_id"], landed["item_id"], landed["price"], strict=True)) == Counter(
        zip(source["t_dat"], source["customer_id"], source["article_id"], source["price"], strict=True)
    )
    products = _rows(settings, FIRST, "products").to_pylist()
    assert len(products) == 2_194
    pictures = Path(settings.image_roots[0])
    assert all((pictures / row["image_refs"][0]).is_file() for row in products)
