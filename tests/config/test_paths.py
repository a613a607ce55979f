"""Where things may lie: addresses of object stores only where one works."""

from pathlib import Path

import pytest

from causalrec.config import load_settings, written_path
from causalrec.errors import SettingsError


@pytest.mark.parametrize("name", ["WORK", "TRUTH"])
def test_an_object_store_where_only_a_folder_works(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(None, {f"CAUSALREC__PATHS__{name}": "s3://bucket/there"})
    line = str(caught.value)
    assert "\n" not in line
    assert f"paths.{name.lower()}" in line
    assert "s3://bucket/there: only a folder works here" in line


@pytest.mark.parametrize("name", ["LANDING", "LAKE", "BUNDLES", "REPORTS"])
def test_an_object_store_where_one_works(name: str) -> None:
    settings = load_settings(None, {f"CAUSALREC__PATHS__{name}": "s3://bucket/there"})
    assert settings.location(getattr(settings.paths, name.lower())).uri == "s3://bucket/there"


def test_one_setting_moves_everything_that_stages_leave_for_one_another() -> None:
    environ = {
        "CAUSALREC__PATHS__STORE": "s3://bucket/shop/",
        "CAUSALREC__PATHS__WORK": "/here",
        "CAUSALREC__PATHS__REPORTS": "/pages",
        "CAUSALREC__REGISTRY__TRACKING_URI": "http://mlflow",
    }
    settings = load_settings(None, environ, tuned=False)
    assert settings.landing_root == "s3://bucket/shop/landing"
    assert settings.lake_root == "s3://bucket/shop/lake"
    assert settings.image_roots == ("s3://bucket/shop/landing/images",)
    assert settings.export_root == "s3://bucket/shop/exports"
    assert settings.artifact_root == "s3://bucket/shop/mlflow/artifacts"
    assert settings.bundle_store.uri == "s3://bucket/shop/bundles"
    assert settings.checkpoint_store.uri == "s3://bucket/shop/checkpoints"
    assert settings.lineage_folder.uri == "s3://bucket/shop/lineage/events"
    assert settings.report_store.uri == "/pages"
    assert str(settings.bundle_root) == "/here/cache/bundles"
    assert str(settings.truth_root) == "/here/truth"


def test_a_store_in_a_folder_holds_the_registry_too() -> None:
    settings = load_settings(None, {"CAUSALREC__PATHS__STORE": "/shared", "CAUSALREC__PATHS__WORK": "/here"})
    assert settings.tracking_uri == "sqlite:////shared/mlflow/mlflow.db"
    assert str(settings.bundle_root) == "/shared/bundles"


def test_an_object_store_cannot_hold_sqlite() -> None:
    with pytest.raises(SettingsError, match=r"name it in registry\.tracking_uri"):
        load_settings(None, {"CAUSALREC__PATHS__STORE": "s3://bucket/shop"}, tuned=False)


@pytest.mark.parametrize("name", ["50%25", "a%20b", "a%2fb"])
@pytest.mark.parametrize("setting", ["WORK", "LAKE"])
def test_folders_that_delta_would_read_under_another_name(name: str, setting: str) -> None:
    with pytest.raises(SettingsError, match=r"tables cannot lie in a folder with '%2.' in its name"):
        load_settings(None, {f"CAUSALREC__PATHS__{setting}": f"/shops/{name}"})


@pytest.mark.parametrize("name", ["100%", "my shop", "a#b", "50%zz", "a+b"])
def test_other_odd_folders(name: str) -> None:
    assert (
        load_settings(None, {"CAUSALREC__PATHS__WORK": f"/shops/{name}"}).lake_root == f"/shops/{name}/lake"
    )


PLACES = [
    "PATHS__LANDING", "PATHS__LAKE", "PATHS__WORK", "SOURCE__RAW", "EXPORT__PARQUET", "LINEAGE__FILE",
    "REGISTRY__ARTIFACT_ROOT", "FEATURES__IMAGE__MODEL", "FEATURES__IMAGE__PRETRAINED",
    "FEATURES__TEXT__MODEL",
]  # fmt: skip


def setting(name: str, text: str) -> str:
    found: object = load_settings(None, {f"CAUSALREC__{name}": text})
    for part in name.lower().split("__"):
        found = getattr(found, part)
    return str(found)


@pytest.mark.parametrize("name", PLACES)
def test_the_home_folder_in_every_setting_that_names_a_place(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert setting(name, "~/shop") == "/home/ann/shop"
    if name.endswith("MODEL"):
        assert setting(name, "local-dir:~/shop") == "local-dir:/home/ann/shop"
    with pytest.raises(
        SettingsError, match=f"not replaced here.*correct it in the variable CAUSALREC__{name}"
    ):
        setting(name, "$HOME/shop")
    with pytest.raises(SettingsError, match="blanks around a path"):
        setting(name, " /shop")


HELD = ["$HOME/shop", "${HOME}/shop", "~nobody-has-this-name/shop", " shop"]


@pytest.mark.parametrize("name", HELD)
def test_a_path_that_only_a_shell_understands_is_refused_in_one_line(name: str) -> None:
    for read in (written_path, lambda one: load_settings(Path(one), {})):
        with pytest.raises(SettingsError) as caught:
            read(name)
        assert "\n" not in str(caught.value)
        assert name in str(caught.value)
    with pytest.raises(SettingsError, match=r"paths\.work"):
        load_settings(None, {"CAUSALREC__PATHS__WORK": name})


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.toml").write_text('shop = "a"\n[paths]\nwork = "~/work"\n')
    settings = load_settings(Path("~/a.toml"), {})
    assert (settings.shop, settings.paths.work) == ("a", tmp_path / "work")
    assert written_path("s3://bucket/$a") == Path("s3://bucket/$a")
