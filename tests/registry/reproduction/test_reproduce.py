"""``causalrec reproduce`` on a real store: exact on the same code and machine, and what it says otherwise."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.model.base import Recommender
from causalrec.registry.package import ModelPackage
from causalrec.registry.reproduction.alike import compare_packages
from causalrec.registry.reproduction.environment import Difference, differences, environment_of, needed
from causalrec.registry.reproduction.reproduce import reproduce
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import need, opened
from jobs import cli
from tests.registry.conftest import Shop
from tests.registry.shop import DS


def no_spark() -> None:
    raise AssertionError("the kept bundle needs no Spark")


def test_the_command_finds_the_same_model(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    file = shop.settings.paths.work / "reproduce.toml"
    file.write_text(f'[paths]\nwork = "{shop.settings.paths.work}"\n', encoding="utf-8")
    assert cli.main(["reproduce", "1", "--settings", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "version 1 is exact" in shown
    assert "code, packages, data and machine match what was recorded" in shown
    assert "ndcg@20" in shown
    client = connect(shop.settings)
    tags = client.get_model_version(shop.version.name, "1").tags
    assert tags["reproduced"].startswith("exact on 2")
    (logged,) = client.list_artifacts(shop.version.run_id, "reproductions")
    assert logged.path.endswith(".json")
    assert cli.main(["reproduce", "99", "--settings", str(file)]) == 1


def test_a_network_is_reproduced_whatever_the_settings_are_now(shop: Shop) -> None:
    """Dim, seed and epochs come from the version; nothing of the registry moves."""
    settings = shop.settings.model_copy(
        update={
            "model": shop.settings.model.model_copy(update={"name": "lightgcn"}),
            "registry": shop.settings.registry.model_copy(update={"model_name": "network"}),
        }
    )
    train_and_log(settings, shop.lake, shop.ledger, DS)
    other = settings.model_copy(
        update={
            "model": settings.model.model_copy(update={"name": "popularity", "dim": 4}),
            "training": settings.training.model_copy(update={"seed": 99, "epochs": 1}),
        }
    )
    found = reproduce(other, shop.lake, "1", no_spark)
    assert found.verdict == "exact"
    assert found.differences == ()
    assert "recommender/recommender: users" in {table.name for table in found.tables}
    assert {metric.split for metric in found.metrics} == {"valid", "test"}
    assert need(connect(settings), settings, "challenger").version == "1"


def test_a_setting_that_became_a_constant_does_not_stop_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a version that was registered before an upgrade."""
    real = ModelPackage.recommender

    def older(self: ModelPackage, *args: object, **options: object) -> Recommender:
        found = real(self, *args, **options)
        recipe = {name: {**found.recipe[name], "gone": 1} for name in ("model", "training")}
        found.recipe = {**found.recipe, **recipe}
        return found

    monkeypatch.setattr(ModelPackage, "recommender", older)
    assert reproduce(shop.settings, shop.lake, "1", no_spark).verdict in ("exact", "close")


def test_lost_data_without_pins_is_said(shop: Shop, tmp_path: Path) -> None:
    paths = shop.settings.paths.model_copy(update={"bundles": str(tmp_path)})
    with pytest.raises(RegistryError, match=r"no readable dataset .*, and no tables are pinned"):
        reproduce(
            shop.settings.model_copy(update={"paths": paths}), Lake(str(tmp_path / "lake")), "1", no_spark
        )


def test_what_differs_is_named(shop: Shop) -> None:
    now = environment_of(shop.settings.training)
    then = json.loads(json.dumps(now))
    then["code"]["git_revision"] = "abc"
    then["packages"] |= {"torch": "2.0.0", "gone": "1.0"}
    del then["machine"]
    found = differences(then, now)
    assert Difference("code: git revision", "abc", now["code"]["git_revision"]) in found
    assert Difference("packages: torch", "2.0.0", now["packages"]["torch"]) in found
    assert Difference("packages: gone", "1.0", "none") in found
    assert Difference("machine", "not recorded", "-") in found
    assert len(found) == 4
    assert {"jinja2", "torch"} <= set(needed(["torch"]))
    assert "pyspark" not in needed(["torch"])


def test_arrays_are_compared_one_by_one(shop: Shop, tmp_path: Path) -> None:
    with opened(shop.version) as package:
        for name in ("one", "two"):
            for file in package.folder.rglob("*"):
                if file.is_file():
                    target = tmp_path / name / file.relative_to(package.folder)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(file.read_bytes())
    first, second = ModelPackage(tmp_path / "one"), ModelPackage(tmp_path / "two")
    assert all(table.equal for table in compare_packages(first, second))
    arrays = load_file(second.folder / "recommender/recommender.safetensors")
    arrays["weights"][0, 1] += np.float32(0.25)
    del arrays["history_data" if "history_data" in arrays else sorted(set(arrays) - {"weights"})[0]]
    save_file(arrays, second.folder / "recommender/recommender.safetensors")
    (second.folder / "extra.json").write_text("{}", encoding="utf-8")
    unequal = {table.name: table.largest for table in compare_packages(first, second) if not table.equal}
    assert unequal.pop("recommender/recommender: weights") == pytest.approx(0.25)
    assert unequal.pop("extra.json") == float("inf")
    assert list(unequal.values()) == [float("inf")]


def test_a_version_says_what_it_was_made_of(shop: Shop) -> None:
    with opened(shop.version) as package:
        manifest = package.manifest
    assert set(manifest["files"]) >= {"train.npy", "users.parquet"}
    assert set(manifest["environment"]) == {"code", "packages", "machine"}
    assert manifest["environment"]["machine"]["device"] == "cpu"
    assert set(manifest["settings"]) == {"dataset", "features"}
    client = connect(shop.settings)
    paths = {file.path for file in client.list_artifacts(shop.version.run_id)}
    assert {"data.json", "environment.json", "settings.json"} <= paths
    with pytest.raises(RegistryError), opened(replace(shop.version, source="models:/none/1")):
        pass
