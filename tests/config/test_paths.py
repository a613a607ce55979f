"""Where things may lie: addresses of object stores only where one works."""

import pytest

from causalrec.config import load_settings
from causalrec.errors import SettingsError


@pytest.mark.parametrize("name", ["WORK", "BUNDLES", "REPORTS", "TRUTH"])
def test_an_object_store_where_only_a_folder_works(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(None, {f"CAUSALREC__PATHS__{name}": "s3://bucket/there"})
    line = str(caught.value)
    assert "\n" not in line
    assert f"paths.{name.lower()}" in line
    assert "s3://bucket/there: only a folder works here" in line


@pytest.mark.parametrize("name", ["LANDING", "LAKE"])
def test_an_object_store_where_one_works(name: str) -> None:
    settings = load_settings(None, {f"CAUSALREC__PATHS__{name}": "s3://bucket/there"})
    assert getattr(settings, f"{name.lower()}_root") == "s3://bucket/there"


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
