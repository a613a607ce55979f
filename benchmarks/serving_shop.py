"""A made-up shop of any size for benchmarks/serving.py: random vectors, ten items per user, no rules."""

import datetime as dt
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Interactions
from causalrec.dataset.load import OFFER, Dataset
from causalrec.model.factors import item_popularity, plain_tables
from causalrec.model.rivals.popularity import PopularityRecommender
from causalrec.registry import served
from causalrec.registry.package import RULES, write_package

DIM, HELD, SEED = 64, 10, 7
COLUMNS = ("title", "brand", "category", "image_ref", *OFFER)


def invented(users: int, items: int, folder: Path) -> Path:
    """A package in ``folder``; its lists mean nothing, but take as long as any."""
    rng = np.random.default_rng(SEED)
    pairs = np.unique(
        np.stack([np.repeat(np.arange(users), HELD), rng.integers(0, items, users * HELD)]), axis=1
    ).astype(np.int32)
    none = np.empty((2, 0), dtype=np.int32)
    data = Interactions(n_users=users, n_items=items, train=pairs, valid=none, test=none)
    model = PopularityRecommender()
    model.recipe = {}
    of_users, of_items = (rng.normal(size=(count, DIM)).astype(np.float32) for count in (users, items))
    model.tables = plain_tables(of_users, of_items, item_popularity(data))
    model.fold = of_items
    ids = np.array([f"i{row:07d}" for row in range(items)], dtype=object)
    frame = pd.DataFrame({"item_id": ids}).reindex(columns=["item_id", *COLUMNS])
    names = np.array([f"u{row:07d}" for row in range(users)], dtype=object)
    dataset = Dataset("invented", data, names, ids, frame, pairs, (), folder)
    facts = {"ds": dt.date(2026, 3, 1).isoformat(), RULES: ScoringSettings().model_dump(mode="json")}
    write_package(folder, model, dataset, facts)
    return folder


def as_model(package: Path, folder: Path) -> str:
    """The package as a model that MLflow serves with this checkout's code."""
    mlflow.pyfunc.save_model(
        str(folder), python_model=served.__file__, artifacts={"package": str(package)},
        pip_requirements=["numpy"],
        signature=mlflow.models.ModelSignature(
            inputs=mlflow.types.Schema([mlflow.types.ColSpec("string", "user_id")]),
            params=mlflow.types.ParamSchema([mlflow.types.ParamSpec("k", "long", 20)]),
        ),
    )  # fmt: skip
    return str(folder)
