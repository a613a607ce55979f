"""A user is erased everywhere: tables, history, bundle, pages; the model is flagged; twice is once."""

import shutil
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.lake.upkeep.erase import Erased
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.registry.erase import erase
from causalrec.registry.kept import ERASED, live_pins
from causalrec.registry.store import connect
from jobs import cli

from .conftest import Shop

USER = "u001"


@pytest.fixture(scope="module")
def settings(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the shop's lake and bundles beside the same registry, and a page that shows the user."""
    work = tmp_path_factory.mktemp("erase")
    shutil.copytree(shop.settings.lake_root, work / "lake")
    shutil.copytree(shop.settings.bundle_root, work / "bundles")
    (work / "reports").mkdir()
    (work / "reports" / "night.html").write_text(f"<td>{USER}</td>")
    (work / "reports" / "other.html").write_text("<td>u0011</td>")
    tracking = {"tracking_uri": shop.settings.tracking_uri, "artifact_root": shop.settings.artifact_root}
    return shop.settings.model_copy(
        update={
            "paths": shop.settings.paths.model_copy(update={"work": work}),
            "registry": shop.settings.registry.model_copy(update=tracking),
        }
    )


def test_everywhere_with_a_receipt_and_once(settings: Settings, shop: Shop) -> None:
    lake = Lake(settings.lake_root)
    table = lake.table("interactions")
    rows = table.read().num_rows
    own = table.read().filter(table.read()["user_id"].to_pandas().eq(USER).to_numpy()).num_rows
    planned = erase(settings, lake, USER, really=False)
    assert planned.tables == {"interactions": Erased(rows=own)}
    assert (planned.bundles, planned.pages, planned.models) == ((shop.dataset_id,), ("night.html",), ("1",))
    assert table.read().num_rows == rows

    assert erase(settings, lake, USER, really=True) == planned
    left = table.read()
    assert (left.num_rows, USER in left["user_id"].to_pylist()) == (rows - own, False)
    assert sorted(path.name for path in Path(settings.report_root).iterdir()) == ["other.html"]
    assert list(settings.bundle_root.iterdir()) == []
    (version,) = connect(settings).search_model_versions(f"name='{settings.registry.model_name}'")
    assert version.tags[ERASED] == "1"
    assert live_pins(settings, lake) == ()
    (receipt,) = Erasures(lake).receipts(USER)
    assert receipt["tables"] == {"interactions": {"rows": own, "old_files": 0, "log_entries": 0}}
    assert USER not in str(lake.table("erasures").read().to_pylist())

    version_before = lake.table("erasures").version()
    assert erase(settings, lake, USER, really=True).nothing
    assert lake.table("erasures").version() == version_before
    connect(settings).delete_model_version_tag(version.name, version.version, ERASED)


def test_the_command_says_first_what_would_go(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(settings.paths.work))
    assert cli.main(["erase", "u002"]) == 0
    said = capsys.readouterr().out
    assert "interactions" in said
    assert "add --yes" in said
    assert cli.main(["erase", "u002", "--yes"]) == 0
    assert "receipts: 1" in capsys.readouterr().out
    assert cli.main(["erase", "u002", "--yes"]) == 0
    assert "nothing is left of this user" in capsys.readouterr().out
    assert cli.main(["erase", "", "--yes"]) == 1
