"""The command on a shop that was never delivered: its dataset is written straight from the generator."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from causalrec.config import Settings, load_settings
from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Looks
from causalrec.dataset.item_content import items_table
from causalrec.dataset.look_arrays import look_tables
from causalrec.dataset.store import write_bundle
from causalrec.features.catalogue import COLUMNS
from causalrec.lab.oracle.generated import generated_shop
from causalrec.lake import Ledger
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import by_number, opened
from causalrec.run import open_lake
from causalrec.sources.demo import names
from jobs.cli import main

USERS, ITEMS = 60, 40
DS = "2026-02-27"


def shop_file(folder: Path) -> Path:
    file = folder / "shop.toml"
    source = f"kind = 'demo'\nusers = {USERS}\nitems = {ITEMS}\ndays = 30"
    file.write_text(f"[paths]\nwork = '{folder}'\n[source]\n{source}\n")
    return file


def look_rows(looks: Looks) -> pa.Table:
    """As the table of looks has them."""
    columns = {
        "user_id": names.user_ids(looks.users), "item_id": names.item_ids(looks.items),
        "policy": np.array(looks.policy)[looks.strata], "band": looks.strata % 11 + 1,
        "surge": np.zeros(looks.count.size, bool), "late": np.zeros(looks.count.size, bool),
        "look": np.full(looks.count.size, "impression"), "looks": looks.count,
        **dict(zip(("views", "carts", "purchases"), looks.reached, strict=True)),
        "position": looks.position[looks.strata].astype(float),
        "propensity": looks.propensity.astype(float), "age_days": looks.age.astype(float),
    }  # fmt: skip
    return pa.table(columns)


def put_dataset(settings: Settings) -> None:
    """The dataset of one date, as build_dataset leaves it."""
    data = generated_shop(SourceSettings(users=USERS, items=ITEMS, days=30)).data
    users, items = names.user_ids(np.arange(USERS)), names.item_ids(np.arange(ITEMS))
    frame = pd.DataFrame({name: [None] * ITEMS for name in COLUMNS} | {"item_id": items.to_pylist()})
    pairs = {"train": data.train, "valid": data.valid, "test": data.test}
    arrays = {
        **pairs, "seen": np.concatenate(list(pairs.values()), axis=1),
        "train_weights": np.ones(data.train.shape[1], np.float32), "random_exposure": data.random_exposure,
    }  # fmt: skip
    assert data.looks is not None
    tables = look_tables(look_rows(data.looks), users, items, ("uniform",))
    tables |= {"users": pa.table({"user_id": users}), "items": items_table(frame, [0] * ITEMS)}
    dataset_id = write_bundle(settings.bundle_root, arrays, tables, {})
    row = {
        "dataset_id": dataset_id, "pins": "[]", "n_users": USERS, "n_items": ITEMS, "bundle": dataset_id,
        **{f"n_{name}": part.shape[1] for name, part in pairs.items()},
        "image_encoder": None, "text_encoder": None,
    }  # fmt: skip
    table = open_lake(settings).table("datasets")
    schema = pa.schema([field for field in table.schema if field.name != "ds"])
    table.replace(pa.Table.from_pylist([row], schema=schema), {"ds": DS})


def test_the_newest_dataset_against_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shop_file(tmp_path)
    assert main(["truth", "--settings", str(file)]) == 1
    assert "there is no dataset under" in " ".join(capsys.readouterr().out.split())
    put_dataset(load_settings(file, {}))
    assert main(["truth", "--settings", str(file)]) == 0
    printed = capsys.readouterr().out
    shown = [name for name in ("random", "popularity", "attainable", "ideal") if name in printed]
    assert shown == ["random", "popularity", "attainable", "ideal"]
    assert "1.000 ±0.000" in printed


def test_a_shop_without_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shop_file(tmp_path)
    put_dataset(load_settings(file, {}))
    file.write_text(file.read_text().replace("'demo'", "'native'"))
    assert main(["truth", "--settings", str(file)]) == 1
    assert "no known truth" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_a_trained_version_stands_beside_its_fits_without_a_module(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = shop_file(tmp_path)
    quick = "[gate]\nrefuters = []\n[training]\ndevice = 'cpu'\nworth_sweeps = 20\nworth_share = 0.1\n"
    file.write_text(file.read_text() + quick + "[model.response]\nsweeps = 30\n")
    settings = load_settings(file, {})
    put_dataset(settings)
    train(settings)
    assert main(["truth", "--alias", "challenger", "--settings", str(file)]) == 0
    printed = capsys.readouterr().out
    for label in (
        "challenger (version 1)",
        "ours, 20 more sweeps",
        "without content prior",
        "without accidents",
    ):
        assert label in printed
    assert "fitted for fewer steps" in printed
    train(load_settings(file, {"CAUSALREC__SOURCE__KIND": "native"}))
    client = connect(settings)
    kept = []
    for number in ("1", "2"):
        with opened(by_number(client, settings, number)) as package:
            kept.append(len(package.short_fits()))
    assert kept == [6, 0]


def train(settings: Settings) -> None:
    lake = open_lake(settings)
    train_and_log(settings, lake, Ledger(lake), dt.date.fromisoformat(DS))
