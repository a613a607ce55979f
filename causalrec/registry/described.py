"""What MLflow's own pages show about a version: the tables it was trained on, and a description."""

import datetime as dt
import posixpath
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.dataset.load import Dataset

if TYPE_CHECKING:
    from mlflow import MlflowClient

CONTEXT = "training"
MODEL_TEXT = (
    "Nightly recommendations of the shop **{shop}**. `champion` scores every night; `challenger` is the "
    "version that was trained last. A version becomes champion by the gate and a person's answer, and every "
    "such decision is a row of the table `promotions`."
)
VERSION_TEXT = (
    "`{model}`, trained on what had arrived by {ds}: {pairs:,} pairs of {users:,} users and {items:,} items "
    "(dataset `{dataset}`). Input tables and their Delta versions are the datasets of its run."
)


def log_datasets(settings: Settings, dataset: Dataset) -> None:
    """Every table behind ``dataset`` as an input of the active run, at its Delta version."""
    import mlflow
    from mlflow.data.delta_dataset_source import DeltaDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    inputs = [
        MetaDataset(
            DeltaDatasetSource(
                path=posixpath.join(settings.lake_root, pin.table), delta_table_version=pin.version
            ),
            name=pin.table,
            digest=f"v{pin.version}",
        )
        for pin in dataset.pins
    ]
    if inputs:
        mlflow.log_inputs(inputs, [CONTEXT] * len(inputs), [None] * len(inputs))


def describe(client: "MlflowClient", settings: Settings, dataset: Dataset, ds: dt.date, version: str) -> None:
    """Fills the descriptions of the registered model and of ``version``."""
    name, data = settings.registry.model_name, dataset.data
    text = VERSION_TEXT.format(
        model=settings.model.name, ds=ds, pairs=data.train.shape[1], users=data.n_users, items=data.n_items,
        dataset=dataset.dataset_id,
    )  # fmt: skip
    client.update_registered_model(name, MODEL_TEXT.format(shop=settings.shop))
    client.update_model_version(name, version, text)
