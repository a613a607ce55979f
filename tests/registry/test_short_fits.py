"""Fits that are kept for the comparison with a known truth: what comes back, and for whom."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lab.oracle.models import one_module_off
from causalrec.lake import Lake
from causalrec.model.base import ServingTables
from causalrec.model.factors import plain_tables
from causalrec.registry.package import ModelPackage, open_package, write_package
from causalrec.registry.reproduction.alike import compare_packages
from causalrec.registry.short_fits import LABELS, load_fits, save_fits
from causalrec.training.factory import build_recommender

from .shop import DS, ITEMS, settings_in, write_dataset

LATER = DS + dt.timedelta(days=1)


def fit(seed: int, users: int, items: int) -> ServingTables:
    rng = np.random.default_rng(seed)
    left, right = (rng.normal(size=(rows, 3)).astype(np.float32) for rows in (users, items))
    return plain_tables(left, right, np.zeros(items, np.float32))


@pytest.fixture
def datasets(tmp_path: Path) -> tuple[Dataset, Dataset]:
    """Of a day, and of the next one with a user and an item more."""
    settings = settings_in(tmp_path, "popularity")
    write_dataset(settings)
    write_dataset(settings, ds=LATER, cold_users=3, n_items=ITEMS + 1)
    lake = Lake(settings.lake_root)
    return load_dataset(settings, lake, DS), load_dataset(settings, lake, LATER)


def package_of(folder: Path, dataset: Dataset, short_fits: dict[str, ServingTables]) -> ModelPackage:
    model = build_recommender(settings_in(folder, "popularity"))
    model.fit(dataset.data)
    write_package(folder, model, dataset, {"dataset_id": dataset.dataset_id}, short_fits=short_fits)
    return open_package(folder)


def test_they_come_back_in_their_order(tmp_path: Path) -> None:
    fits = {f"without {n}": fit(n, 4, 3) for n in (11, 2, 0)}
    file = tmp_path / "fits.safetensors"
    assert load_fits(file) == {}
    save_fits(fits, file)
    found = load_fits(file)
    assert list(found) == list(fits)
    for label, tables in fits.items():
        assert found[label].users.tolist() == tables.users.tolist()
        assert found[label].content_items.tolist() == tables.items.tolist()  # it has no content tables
        assert found[label].exposure.tolist() == [0.0, 0.0, 0.0]


def test_exposure_comes_back_and_older_files_have_none(tmp_path: Path) -> None:
    file, shown = tmp_path / "fits.safetensors", np.array([2.0, 0.5, 0.0], np.float32)
    save_fits({"whole": replace(fit(1, 4, 3), exposure=shown)}, file)
    assert load_fits(file)["whole"].exposure.tolist() == shown.tolist()
    arrays = load_file(file)
    del arrays["0.exposure"]
    save_file(arrays, file, metadata={LABELS: '["whole"]'})
    assert load_fits(file)["whole"].exposure.tolist() == [0.0, 0.0, 0.0]


def test_scores_of_known_and_new_users_and_items(datasets: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    now, later = datasets
    tables = fit(1, len(now.user_ids), ITEMS)
    package = package_of(tmp_path / "package", now, {"ours, 5 sweeps": tables})
    users = np.array([0, 5], np.int32)
    for dataset in datasets:
        scores = one_module_off(package, dataset)["ours, 5 sweeps"]
        assert np.allclose(scores.factual(users)[:, :ITEMS], tables.users[users] @ tables.items.T, atol=1e-5)
    new = scores.do(np.array([len(now.user_ids)], np.int32))[0]
    assert np.allclose(new[:ITEMS], tables.users.mean(axis=0) @ tables.items.T, atol=1e-5)
    assert new[ITEMS] == -np.inf
    assert later.user_ids.size == len(now.user_ids) + 1


def test_a_package_without_them_is_the_same_model(datasets: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    now, _ = datasets
    kept = package_of(tmp_path / "kept", now, {"ours, 5 sweeps": fit(1, len(now.user_ids), ITEMS)})
    plain = package_of(tmp_path / "plain", now, {})
    assert one_module_off(plain, now) == {}
    assert all(table.equal for table in compare_packages(kept, plain))
