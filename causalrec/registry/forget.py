"""Makes a new challenger from the champion, without the influence of erased users and items."""

import datetime as dt

import numpy as np
import pandas as pd

from causalrec.config import Settings
from causalrec.dataset.arrays import Ints
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.lake.outcome import Outcome
from causalrec.model.base import Progress
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.gate.refuted import PREFIX, refuted
from causalrec.registry.package import ModelPackage
from causalrec.registry.register import register
from causalrec.registry.store import connect, experiment_id, guarded
from causalrec.registry.training_run import Epochs, log_fit, log_setting, log_worth
from causalrec.registry.versions import DATASET, GATE, TRAINED_ON, ModelVersion, need, opened

REPAIRED = "repaired"
"""Counter: 1 for a version that begins where the champion ended, 0 for one that was fitted from scratch."""
FORGOT = "forgot_from"
"""Tag of a run: the version from which erased users and items were removed."""


def ds_to_forget(settings: Settings, lake: Lake) -> dt.date:
    """Run date of the champion's dataset, which has to be rebuilt without what was erased.

    Raises:
        RegistryError: there is no champion, or MLflow does not respond.
    """
    with guarded(settings):
        champion = needed_champion(settings, lake)
    return dt.date.fromisoformat(champion.tags[TRAINED_ON])


def forget_and_log(
    settings: Settings, lake: Lake, progress: Progress | None = None, *, repair: bool = True
) -> Outcome:
    """One MLflow run and one registered version; registration is the last step.

    Refuters and module gains are copied from the champion, since only a handful of users is forgotten.

    Raises:
        RegistryError: there is no champion, it was trained on this very dataset, or MLflow does not respond.
    """
    with guarded(settings):
        champion = needed_champion(settings, lake)
        ds = dt.date.fromisoformat(champion.tags[TRAINED_ON])
        dataset = load_dataset(settings, lake, ds)
        if champion.tags[DATASET] == dataset.dataset_id:
            raise RegistryError(
                f"version {champion.version} was trained on dataset {dataset.dataset_id}, which is still "
                f"the one of {ds}: there is nothing to forget",
                do="erase a user first (causalrec erase), then build the dataset of this date again",
            )
        return _forgotten(settings, dataset, champion, ds, progress, repair)


def _forgotten(
    settings: Settings,
    dataset: Dataset,
    champion: ModelVersion,
    ds: dt.date,
    progress: Progress | None,
    repair: bool,
) -> Outcome:
    import mlflow

    from causalrec.training.forget import forget, settings_of

    client = connect(settings)
    with opened(champion) as package:
        old, old_served, rows = package.judged(), package.recommender(), rows_in(package, dataset)
        before = package.user_ids.size, package.item_ids.size
    chosen = settings_of(settings, old.recipe)
    experiment = experiment_id(client, settings)
    with mlflow.start_run(experiment_id=experiment, run_name=f"forget {ds}") as run:
        log_setting(chosen, dataset, ds)
        mlflow.set_tag(FORGOT, champion.version)
        made = forget(settings, dataset.data, old, old_served, rows, Epochs(progress), repair=repair)
        log_fit(made.report)
        log_worth(made.judged.worth)
        found = refuted(client, champion.run_id)
        mlflow.log_metrics({f"{PREFIX}{name}": change for name, change in found.items()})
        version = register(client, chosen, dataset, (made.judged, made.served), ds, run.info.run_id)
    how = "repaired" if made.repaired else "fitted from scratch"
    users, items = (size - np.unique(part[part >= 0]).size for size, part in zip(before, rows, strict=True))
    return Outcome(
        rows_in=int(dataset.data.train.shape[1]),
        reads=dataset.pins,
        counters={
            "version": float(version.version),
            "epochs": float(made.report.epochs),
            REPAIRED: float(made.repaired),
            "fit_seconds": made.report.seconds,
            "users_forgotten": float(users),
            "items_forgotten": float(items),
        },
        note=f"version {version.version} is challenger: version {champion.version} {how} without "
        f"{users:,} users and {items:,} items",
    )


def gate_passed(settings: Settings) -> bool:
    """Whether the gate would make the challenger champion.

    Raises:
        RegistryError: there is no challenger, or MLflow does not answer.
    """
    with guarded(settings):
        return need(connect(settings), settings, "challenger").tags.get(GATE) == "promote"


def rows_in(package: ModelPackage, dataset: Dataset) -> tuple[Ints, Ints]:
    """For the users and the items of ``dataset``, their row in ``package``; -1 if they have none."""
    pairs = ((package.user_ids, dataset.user_ids), (package.item_ids, dataset.item_ids))
    users, items = (
        pd.Index(old).get_indexer(pd.Index(new.astype(str))).astype(np.int32) for old, new in pairs
    )
    return users, items
