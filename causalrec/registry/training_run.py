"""What is logged to MLflow about a training run: settings, data, epochs, the fit; and a version's tags."""

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

from causalrec import __version__
from causalrec.config import Settings
from causalrec.config.tuned import in_use
from causalrec.dataset.load import Dataset
from causalrec.dataset.store import verify_bundle
from causalrec.lake.record.ledger import git_revision
from causalrec.model.base import FitReport, Progress
from causalrec.model.worth import ModuleWorth, as_json
from causalrec.registry.described import log_datasets
from causalrec.registry.reproduction.environment import environment_of
from causalrec.registry.versions import DATASET, MODEL, TRAINED_ON, TUNED

CARRIED = ("dataset", "features")  # settings needed to rebuild the data; the model stores its own


REFUSED = re.compile(r"[^\w.\- /]+")  # characters that MLflow refuses in metric names
WORTH_TABLE = "module_worth.json"


class Epochs:
    """Sends every epoch to MLflow and to the caller."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(self, epoch: int, metrics: dict[str, float]) -> None:
        import mlflow

        mlflow.log_metrics(_safe(metrics), step=epoch)
        if self._progress is not None:
            self._progress(epoch, metrics)


def _safe(metrics: dict[str, float]) -> dict[str, float]:
    """Metric names that MLflow accepts (it refuses '@')."""
    return {name.replace("@", "_at_"): float(value) for name, value in metrics.items()}


def log_worth(worth: Sequence[ModuleWorth]) -> None:
    """Logs every module's gain as a metric, and all measurements as a table; nothing without modules."""
    import mlflow

    if not worth:
        return
    mlflow.log_metrics({f"worth_{REFUSED.sub('_', module.module)}": module.gain for module in worth})
    rows = as_json(worth)
    mlflow.log_table({name: [row[name] for row in rows] for name in rows[0]}, WORTH_TABLE)


def log_setting(settings: Settings, dataset: Dataset, ds: dt.date) -> None:
    import mlflow

    sections = {
        name: getattr(settings, name).model_dump(mode="json") for name in ("model", "training", "dataset")
    }
    mlflow.log_params({name: str(value)[:500] for name, value in _flat(sections).items()})
    mlflow.set_tags({**facts_of(settings, dataset, ds), "pins": json.dumps(_pins(dataset))})
    if tuned := in_use(settings):
        mlflow.set_tag(TUNED, tuned)
    log_datasets(settings, dataset)
    mlflow.log_dict(settings.model_dump(mode="json"), "settings.json")
    origin = origin_of(settings, dataset)
    mlflow.log_dict({name: origin[name] for name in ("pins", "files")}, "data.json")
    mlflow.log_dict(origin["environment"], "environment.json")
    data = dataset.data
    sizes = {"users": data.n_users, "items": data.n_items}
    splits = {split: int(getattr(data, split).shape[1]) for split in ("train", "valid", "test")}
    mlflow.log_metrics({f"data_{name}": float(value) for name, value in (sizes | splits).items()})


def facts_of(settings: Settings, dataset: Dataset, ds: dt.date) -> dict[str, str]:
    return {
        TRAINED_ON: ds.isoformat(),
        DATASET: dataset.dataset_id,
        MODEL: settings.model.name,
        "shop": settings.shop,
        "seed": str(settings.training.seed),
        "code_version": __version__,
        "git_revision": git_revision() or "unknown",
    }


def origin_of(settings: Settings, dataset: Dataset) -> dict[str, Any]:
    """What ``reproduce`` needs: pins and hashes of the data, settings, code, packages and machine."""
    return {
        "pins": _pins(dataset),
        "files": verify_bundle(dataset.folder)["files"],
        "settings": {name: getattr(settings, name).model_dump(mode="json") for name in CARRIED},
        "environment": environment_of(settings.training),
    }


def _pins(dataset: Dataset) -> dict[str, int]:
    return {pin.table: pin.version for pin in dataset.pins}


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


def log_fit(report: FitReport) -> None:
    import mlflow

    from causalrec.registry.plots import learning_curve

    mlflow.log_metrics(
        {
            "epochs": float(report.epochs),
            "best_epoch": float(report.best_epoch),
            "fit_seconds": report.seconds,
            "seconds_per_epoch": report.seconds_per_epoch,
        }
    )
    mlflow.log_figure(learning_curve(report.history, report.best_epoch), "plots/learning_curve.png")
