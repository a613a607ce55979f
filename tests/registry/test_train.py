"""What a registered version carries, on a real MLflow store."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from causalrec.dataset.load import load_dataset, lost_bundle
from causalrec.lake.outcome import Pin
from causalrec.lake.record.ledger import new_row
from causalrec.model.worth import ModuleWorth
from causalrec.registry.described import log_datasets
from causalrec.registry.runs import run_facts
from causalrec.registry.store import connect, experiment_id
from causalrec.registry.train import train_and_log, train_and_log_inputs
from causalrec.registry.training_run import log_worth
from causalrec.registry.versions import TUNED, opened

from .conftest import Shop
from .shop import DS


def test_challenger_with_tags_and_metrics(shop: Shop) -> None:
    client = connect(shop.settings)
    version = shop.version
    assert version.version == "1"
    assert version.tags["dataset_id"] == shop.dataset_id
    assert version.tags["ds"] == "2026-03-01"
    run = client.get_run(version.run_id)
    assert run.data.params["model.name"] == "ease"
    assert run.data.metrics["data_items"] == 40
    assert shop.epochs == [1]
    plots = [file.path for file in client.list_artifacts(version.run_id, "plots")]
    assert "plots/learning_curve.png" in plots
    assert client.get_experiment(run.info.experiment_id).artifact_location.startswith("file:")
    assert "version 1 is challenger" in shop.trained.note


def test_mlflow_says_what_a_version_is(shop: Shop) -> None:
    client = connect(shop.settings)
    description = client.get_model_version(shop.version.name, "1").description
    assert description.startswith("`ease`, trained on what had arrived by 2026-03-01: ")
    assert shop.dataset_id in description
    assert "shop **demo**" in client.get_registered_model(shop.version.name).description


def test_the_tables_behind_a_version_are_inputs_of_its_run(shop: Shop) -> None:
    client = connect(shop.settings)
    dataset = load_dataset(shop.settings, shop.lake, DS)
    pinned = replace(dataset, pins=(Pin("interactions", 4), Pin("products", 0)))
    with mlflow.start_run(experiment_id=experiment_id(client, shop.settings)) as run:
        log_datasets(shop.settings, pinned)
    found = [one.dataset for one in client.get_run(run.info.run_id).inputs.dataset_inputs]
    assert {(one.name, one.digest, one.source_type) for one in found} == {
        ("interactions", "v4", "delta_table"),
        ("products", "v0", "delta_table"),
    }
    sources = [json.loads(one.source) for one in found if one.name == "interactions"]
    assert [(one["path"], one["delta_table_version"]) for one in sources] == [
        (f"{shop.settings.lake_root}/interactions", 4)
    ]


def test_package_has_no_pickle_and_loads_by_hash(shop: Shop) -> None:
    version = shop.version
    with opened(version) as package:
        files = {file.name for file in package.folder.rglob("*") if file.is_file()}
        assert files == {
            "recommender.safetensors", "recommender.json", "history.safetensors", "users.parquet",
            "items.parquet", "manifest.json", "checksums.json",
        }  # fmt: skip
        assert package.manifest["dataset_id"] == shop.dataset_id
        assert len(package.user_ids) == 62
        assert "i003" in package.catalogue.titles  # no title: the id stands in


def test_the_worth_of_the_modules_is_in_the_run(shop: Shop) -> None:
    worth = (
        ModuleWorth("codes (back-door)", True, 0.01, 0.005, 0.015, "ndcg@20", "validation"),
        ModuleWorth("depth", False, -0.002, -0.004, 0.001, "auc", "uniform exposure"),
    )
    client = connect(shop.settings)
    with mlflow.start_run(experiment_id=experiment_id(client, shop.settings)) as run:
        log_worth(worth)
    assert client.get_run(run.info.run_id).data.metrics == {
        "worth_codes _back-door_": 0.01,
        "worth_depth": -0.002,
    }
    table = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/module_worth.json")
    assert table["columns"] == ["module", "kept", "gain", "low", "high", "metric", "measured_on"]
    assert table["data"][1] == ["depth", False, -0.002, -0.004, 0.001, "auc", "uniform exposure"]


def test_tuned_settings_are_part_of_where_a_version_comes_from(shop: Shop) -> None:
    client = connect(shop.settings)
    assert "tuned settings" not in run_facts(client, shop.version).lineage
    client.set_tag(shop.version.run_id, TUNED, "model.dim = 128")
    try:
        assert run_facts(client, shop.version).lineage["tuned settings"] == "model.dim = 128"
    finally:
        client.delete_tag(shop.version.run_id, TUNED)


def test_served_model_ranks_with_reasons(shop: Shop) -> None:
    version = shop.version
    served = mlflow.pyfunc.load_model(f"models:/{version.name}/{version.version}")
    users = pd.DataFrame({"user_id": ["u001", "u061", "nobody"]})
    frame = served.predict(users, params={"k": 4})
    assert frame.groupby("user_id", sort=False)["rank"].apply(list).to_dict() == {
        "u001": [1, 2, 3, 4], "u061": [1, 2, 3, 4], "nobody": [1, 2, 3, 4],
    }  # fmt: skip
    assert set(frame.loc[frame.user_id == "nobody", "fallback"]) == {"cold_user"}
    with opened(version) as package:
        past = package.histories()
        seen = package.catalogue.item_ids[past.of(int((package.user_ids == "u001").argmax()))]
    assert not set(frame.loc[frame.user_id == "u001", "item_id"]) & set(seen)
    with pytest.raises(mlflow.exceptions.MlflowException):
        served.predict(pd.DataFrame({"wrong": ["u001"]}))


def test_inputs_follow_dataset_and_model(shop: Shop) -> None:
    one = train_and_log_inputs(shop.settings, shop.lake, shop.ledger, DS)
    other = shop.settings.model_copy(
        update={"model": shop.settings.model.model_copy(update={"name": "popularity"})}
    )
    two = train_and_log_inputs(other, shop.lake, shop.ledger, DS)
    assert one["dataset"] == shop.dataset_id
    assert {name for name in one if one[name] != two[name]} == {"model"}


def test_first_training_is_up_to_date_afterwards_and_a_lost_store_is_noticed(
    shop: Shop, tmp_path: Path
) -> None:
    elsewhere = shop.settings.registry.model_copy(update={"tracking_uri": f"sqlite:///{tmp_path}/none.db"})
    fresh = shop.settings.model_copy(update={"registry": elsewhere})
    assert train_and_log_inputs(fresh, shop.lake, shop.ledger, DS)["store"] == "kept"
    assert train_and_log_inputs(shop.settings, shop.lake, shop.ledger, DS)["store"] == "kept"
    began = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    shop.ledger.record(
        [
            new_row(
                job="train", ds=DS, started_at=began, seconds=1.0, cpu_seconds=1.0, outcome=shop.trained,
                failed=False, fingerprint="f", inputs={}, code_version="0",
            )
        ]
    )  # fmt: skip
    assert train_and_log_inputs(fresh, shop.lake, shop.ledger, DS)["store"] == "lost"
    assert train_and_log_inputs(shop.settings, shop.lake, shop.ledger, DS)["store"] == "kept"


def test_nothing_of_the_environment_is_recorded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2-in-the-environment")
    train_and_log(shop.settings, shop.lake, shop.ledger, DS)
    work = Path(shop.settings.paths.work)
    assert not [
        file
        for file in work.rglob("*")
        if file.is_file() and b"hunter2-in-the-environment" in file.read_bytes()
    ]


def test_a_bundle_that_is_gone_is_noticed(shop: Shop, tmp_path: Path) -> None:
    folder = shop.settings.bundle_root / shop.dataset_id
    assert lost_bundle(shop.settings, shop.lake, DS) is None
    file = next(folder.glob("*.npy"))
    file.rename(tmp_path / file.name)
    try:
        assert lost_bundle(shop.settings, shop.lake, DS) == f"bundle {shop.dataset_id} is gone"
    finally:
        (tmp_path / file.name).rename(file)
    assert lost_bundle(shop.settings, shop.lake, DS - dt.timedelta(days=1)) is None
