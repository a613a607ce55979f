"""A small pinned dataset in a real lake, with taste groups that a model can learn."""

import atexit
import datetime as dt
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.item_content import items_table
from causalrec.dataset.load import OFFER
from causalrec.dataset.store import write_bundle
from causalrec.lake import Lake
from causalrec.registry.store import SQLITE

DS = dt.date(2026, 3, 1)
USERS, ITEMS, GROUPS = 60, 40, 4
TOML = """
[paths]
work = "{work}"
[model]
name = "lightgcn"
dim = 8
[training]
epochs = 2
device = "cpu"
"""
"""A settings file for jobs in processes of their own; the section of training is open at its end."""


def settings_in(work: Path, model: str = "ease") -> Settings:
    return Settings.model_validate(
        {
            "paths": {"work": work},
            "model": {"name": model, "dim": 8},
            "training": {"epochs": 2, "device": "cpu"},
            "scoring": {"k": 5},
            "gate": {"metric": "ndcg@10", "auto_approve": "always"},
        }
    )


def interactions(seed: int, users: int = USERS, items: int = ITEMS) -> np.ndarray:
    """(2, n): two thirds of a user's eight items come from the group of items they like."""
    rng = np.random.default_rng(seed)
    pairs = set()
    for user in range(users):
        own = np.flatnonzero(np.arange(items) % GROUPS == user % GROUPS)
        pairs |= {(user, int(item)) for item in rng.choice(own, 6, replace=False)}
        pairs |= {(user, int(item)) for item in rng.choice(items, 2)}
    return np.array(sorted(pairs), dtype=np.int32).T


def write_dataset(
    settings: Settings,
    seed: int = 0,
    ds: dt.date = DS,
    cold_users: int = 2,
    changes: Mapping[str, Mapping[int, str]] | None = None,
    n_items: int = ITEMS,
    vectors: bool = False,
) -> str:
    """Bundle, ``datasets`` row, ``interactions`` partition and an empty registry; returns the dataset id.

    ``changes`` overwrites columns of the items: column -> row -> value. ``vectors`` gives every item a text
    vector of its group; items from ``ITEMS`` on belong to no user.
    """
    empty_registry(settings)
    lake = Lake(settings.lake_root)
    pairs = interactions(seed)
    split = np.random.default_rng(seed).permutation(pairs.shape[1]) % 10
    users = [f"u{row:03d}" for row in range(USERS + cold_users)]
    items = pd.DataFrame({"item_id": [f"i{row:03d}" for row in range(n_items)]})
    items["title"] = [f"Thing {row}" for row in range(n_items)]
    items.loc[3, "title"] = None
    for name in ("brand", "category", "image_ref", "sha256", "text_key", *OFFER):
        items[name] = None
    for name, values in (changes or {}).items():
        for row, value in values.items():
            items.loc[row, name] = value
    arrays = {
        "train": pairs[:, split > 1],
        "valid": pairs[:, split == 0],
        "test": pairs[:, split == 1],
        "seen": pairs,
        "train_weights": np.ones(int((split > 1).sum()), dtype=np.float32),
        "random_exposure": np.empty((3, 0), dtype=np.int32),
    }
    if vectors:
        arrays["text"] = text_vectors(n_items)
    popularity = np.bincount(arrays["train"][1], minlength=n_items).tolist()
    tables = {"users": pa.table({"user_id": users}), "items": items_table(items, popularity)}
    dataset_id = write_bundle(settings.bundle_root, arrays, tables, {"ds": ds.isoformat()})
    names = {0: "valid", 1: "test"}
    when = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    replace_partition(
        lake,
        "interactions",
        ds,
        [
            {
                "user_id": users[user],
                "item_id": items["item_id"][item],
                "weight": 1.0,
                "events": 1,
                "first_time": when,
                "last_time": when + dt.timedelta(minutes=int(item)),
                "split": names.get(int(part), "train"),
            }
            for (user, item), part in zip(pairs.T, split, strict=True)
        ],
    )
    manifest: dict[str, object] = {
        "dataset_id": dataset_id,
        "pins": "[]",
        "n_users": len(users),
        "n_items": n_items,
        **{f"n_{name}": arrays[name].shape[1] for name in ("train", "valid", "test")},
        "text_encoder": "words" if vectors else None,
        "bundle": dataset_id,
    }
    replace_partition(lake, "datasets", ds, [manifest])
    return dataset_id


@cache
def _registry_template() -> Path:
    """An empty MLflow database: making one takes two CPU seconds, in which MLflow replays its migrations."""
    from mlflow import MlflowClient

    file = Path(tempfile.mkdtemp(prefix="causalrec-registry-")) / "mlflow.db"
    atexit.register(shutil.rmtree, file.parent, ignore_errors=True)
    MlflowClient(f"{SQLITE}{file}", f"{SQLITE}{file}").search_experiments()
    return file


def empty_registry(settings: Settings) -> None:
    """The database that MLflow would make, unless there is one or a server."""
    if settings.tracking_uri.startswith(SQLITE):
        file = Path(settings.tracking_uri.removeprefix(SQLITE))
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_registry_template(), file)


def text_vectors(n_items: int) -> np.ndarray:
    """float32 (n_items, 6): a direction of the group and a little of its own."""
    noise = np.random.default_rng(5).normal(scale=0.1, size=(n_items, 6))
    return (np.eye(GROUPS, 6)[np.arange(n_items) % GROUPS] + noise).astype(np.float32)


def replace_partition(lake: Lake, name: str, ds: dt.date, rows: list[dict[str, object]]) -> None:
    table = lake.table(name)
    schema = pa.schema([field for field in table.contract.arrow_schema if field.name != "ds"])
    table.replace(pa.Table.from_pylist(rows, schema=schema), {"ds": ds.isoformat()})
