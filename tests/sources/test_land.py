"""Landing from the configured source: ranges, the inputs that decide whether to run, the native layout."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from causalrec.config import Settings, load_settings
from causalrec.config.paths import PathSettings
from causalrec.config.source import SourceSettings
from causalrec.errors import SourceError
from causalrec.sources.land import land, land_inputs

DAY = dt.date(2026, 2, 1)


def test_date_outside_the_range_names_the_range(shop: Settings) -> None:
    with pytest.raises(SourceError, match="the source has 2026-01-29 to 2026-02-05"):
        land(shop, dt.date(2026, 2, 6))
    assert land(shop, dt.date(2026, 2, 5)).note == "nothing to write"


def test_inputs_are_stable_once_landed_and_new_while_absent(shop: Settings, tmp_path: Path) -> None:
    assert land_inputs(shop, DAY) == land_inputs(shop, DAY)
    assert land_inputs(shop, DAY) != land_inputs(shop, dt.date(2026, 2, 2))
    absent = shop.model_copy(update={"paths": PathSettings(work=tmp_path)})
    assert land_inputs(absent, DAY) != land_inputs(absent, DAY)
    shutil.copytree(shop.paths.work, tmp_path, dirs_exist_ok=True)
    assert land_inputs(absent, DAY) == land_inputs(absent, DAY)


def test_native_source_needs_deliveries(tmp_path: Path) -> None:
    settings = Settings(paths=PathSettings(work=tmp_path), source=SourceSettings(kind="native"))
    with pytest.raises(SourceError, match="no deliveries"):
        land(settings, DAY)
    folder = tmp_path / "landing" / "events" / f"arrival_date={DAY}"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("{}\n")
    assert land(settings, DAY).rows_out == 0
    assert land_inputs(settings, DAY) == land_inputs(settings, DAY)
    with pytest.raises(SourceError, match="2026-02-01 to 2026-02-01"):
        land(settings, dt.date(2026, 2, 2))


def test_settings_files_of_the_repository(root: Path) -> None:
    demo = load_settings(root / "infra" / "settings" / "demo.toml", {})
    last = demo.source.first_day + dt.timedelta(days=demo.source.days - 1)
    assert demo.source.first_day == dt.date(2026, 1, 29)
    assert last >= dt.date(2026, 3, 5)
    hm = load_settings(root / "infra" / "settings" / "hm.toml", {"CAUSALREC__SOURCE__RAW": "s3://bucket/hm"})
    assert hm.image_roots == ("s3://bucket/hm/images",)
    assert (hm.source.kind, hm.dataset.split) == ("hm", "random")
