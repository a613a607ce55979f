"""Bundles of an object store: read through copies that are checked, and made again where they are gone."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset, lost_bundle
from causalrec.dataset.store import MANIFEST, write_bundle
from causalrec.dataset.stored import COPIES, is_stored, keep_bundle, stored_bundle
from causalrec.errors import DatasetError
from causalrec.lake import Lake
from tests.registry.shop import DS, settings_in, write_dataset


def machine(tmp_path: Path, name: str) -> Settings:
    """A shop whose bundles lie behind a URI, on one of several machines."""
    store = {"lake": str(tmp_path / "lake"), "bundles": f"file://{tmp_path}/store"}
    return Settings.model_validate({"paths": {"work": tmp_path / name, **store}})


@pytest.fixture
def one(tmp_path: Path) -> Settings:
    return machine(tmp_path, "one")


@pytest.fixture
def other(tmp_path: Path) -> Settings:
    return machine(tmp_path, "other")


def keep(settings: Settings, value: int = 1, facts: str = "") -> str:
    users = {"users": pa.table({"user_id": ["a"]})}
    return keep_bundle(settings, {"train": np.full((2, 3), value, np.int32)}, users, {"facts": facts})


def test_another_machine_reads_what_one_wrote(one: Settings, other: Settings) -> None:
    dataset_id = keep(one)
    folder = stored_bundle(other, dataset_id)
    assert folder == other.paths.work / "cache" / "bundles" / dataset_id
    assert np.load(folder / "train.npy").tolist() == [[1, 1, 1]] * 2
    assert sorted(json.loads((folder / MANIFEST).read_text())["files"]) == ["train.npy", "users.parquet"]
    before = (folder / MANIFEST).stat().st_mtime_ns
    assert stored_bundle(other, dataset_id) == folder
    assert (folder / MANIFEST).stat().st_mtime_ns == before  # copied once


def test_the_first_manifest_of_the_same_content_stays(one: Settings, other: Settings) -> None:
    dataset_id = keep(one, facts="first")
    assert keep(other, facts="second") == dataset_id
    assert json.loads((stored_bundle(other, dataset_id) / MANIFEST).read_text())["facts"] == "first"


def test_a_bundle_that_left_the_store_leaves_this_machine(one: Settings) -> None:
    gone, kept = keep(one), keep(one, 2)
    folders = [stored_bundle(one, dataset_id) for dataset_id in (gone, kept)]
    one.bundle_store.child(gone).delete(one.bundle_store.child(gone).files())
    assert stored_bundle(one, kept) == folders[1]
    with pytest.raises(DatasetError, match=f"no dataset at file://.*{gone}"):
        stored_bundle(one, gone)
    assert [folder.exists() for folder in folders] == [False, True]


def test_a_machine_keeps_the_newest_copies(one: Settings) -> None:
    copies = [stored_bundle(one, keep(one, value)) for value in range(COPIES + 1)]
    assert [copy.exists() for copy in copies] == [False] + [True] * COPIES


@pytest.mark.slow
def test_a_shop_reads_its_dataset_from_the_store(one: Settings, other: Settings, tmp_path: Path) -> None:
    local = settings_in(tmp_path)
    dataset_id = write_dataset(local)
    source = local.bundle_root / dataset_id
    names = [file.name for file in source.iterdir()]
    for name in names:
        one.bundle_store.write(f"{dataset_id}/{name}", (source / name).read_bytes())
    lake = Lake(other.lake_root)
    there = load_dataset(other, lake, DS)
    assert np.array_equal(there.data.train, load_dataset(local, lake, DS).data.train)
    (there.folder / "train.npy").write_bytes(b"damaged")
    assert np.array_equal(load_dataset(other, lake, DS).data.train, there.data.train)
    assert lost_bundle(other, lake, DS) is None
    other.bundle_store.delete([f"{dataset_id}/train.npy"])
    assert lost_bundle(other, lake, DS) == f"bundle {dataset_id} is gone"


def test_a_folder_is_read_where_it_lies(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    dataset_id = keep(settings)
    assert stored_bundle(settings, dataset_id) == tmp_path / "bundles" / dataset_id
    users = {"users": pa.table({"user_id": ["a"]})}
    arrays = {"train": np.ones((2, 3), np.int32)}
    assert write_bundle(tmp_path / "elsewhere", arrays, users, {}) == dataset_id


def test_whether_all_of_a_bundle_is_stored(one: Settings, tmp_path: Path) -> None:
    dataset_id = keep(one)
    assert is_stored(one, dataset_id) is True
    assert is_stored(one, "gone") is False
    one.bundle_store.write(f"{dataset_id}/{MANIFEST}", b"no JSON")
    assert is_stored(one, dataset_id) is False
    local = settings_in(tmp_path)
    assert is_stored(local, keep(local)) is True
    assert is_stored(local, "gone") is False
