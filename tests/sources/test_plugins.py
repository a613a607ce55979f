"""A source of another package, built as an installed distribution and found by its entry point."""

import datetime as dt
import json
import sys
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.errors import SettingsError
from causalrec.sources.land import land, land_inputs
from causalrec.sources.landing import delivery_files

DAY = dt.date(2026, 3, 1)
MODULE = """
import json
from pathlib import Path

from causalrec.sources.marker import Marker, read_marker, write_marker


class Parcels:
    def fingerprint(self, settings):
        return "parcels-1"

    def land(self, settings, progress, spark):
        marker = read_marker(settings.landing_root)
        if marker is not None and marker.complete:
            return marker, False
        folder = Path(settings.landing_root) / "events" / "arrival_date=2026-03-01"
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text(json.dumps({"event_id": "p1"}))
        marker = Marker("parcels", self.fingerprint(settings), True, "2026-03-01", "2026-03-01", 1)
        write_marker(settings.landing_root, marker)
        return marker, True


class Broken:
    pass
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    info = site / "causalrec_parcels-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "causalrec_parcels.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: causalrec-parcels\nVersion: 1.0\n")
    points = {
        "parcels": "causalrec_parcels:Parcels",
        "broken": "causalrec_parcels:Broken",
        "gone": "no_such:X",
    }
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[causalrec.sources]\n{lines}")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "causalrec_parcels", raising=False)


def shop(work: Path, kind: str) -> Settings:
    return Settings.model_validate({"paths": {"work": work}, "source": {"kind": kind}})


@pytest.mark.usefixtures("package")
def test_a_source_of_another_package_fills_the_landing_zone_once(tmp_path: Path) -> None:
    settings = shop(tmp_path, "parcels")
    assert land(settings, DAY).rows_out == 1
    (file,) = delivery_files(settings.landing_root, "events", DAY)
    assert json.loads(Path(file).read_text()) == {"event_id": "p1"}
    assert land(settings, DAY).note == "nothing to write"
    assert land_inputs(settings, DAY)["source"] == "parcels-1"


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("broken", "is not a Source: it lacks fingerprint, land -> give it what"),
        ("gone", "cannot be loaded: ModuleNotFoundError"),
        (
            "absent",
            "no installed package has 'absent' in causalrec.sources -> install it, or set source.kind to: "
            "native, demo, hm, broken, gone, parcels",
        ),
    ],
)
def test_what_is_no_source_is_refused(tmp_path: Path, kind: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        land(shop(tmp_path, kind), DAY)
