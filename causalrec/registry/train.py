"""Trains the configured model on the pinned dataset, logs it to MLflow and registers it as challenger."""

import datetime as dt
import hashlib
import importlib.metadata
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalrec import __version__
from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.dataset.store import verify_bundle
from causalrec.lake import Lake, Ledger
from causalrec.lake.ledger import git_revision
from causalrec.lake.outcome import Outcome
from causalrec.model.base import FitReport, Progress, Recommender
from causalrec.registry.environment import REQUIREMENTS, environment_of
from causalrec.registry.package import write_package
from causalrec.registry.pins import dataset_row
from causalrec.registry.refuted import PREFIX, run_refuters
from causalrec.registry.store import connect, experiment_id, guarded, store_exists
from causalrec.registry.versions import DATASET, MODEL, PACKAGE_HASH, TRAINED_ON, ModelVersion, opened

if TYPE_CHECKING:
    from mlflow import MlflowClient

SCRIPT = Path(__file__).with_name("served.py")
LIBRARY = Path(__file__).parents[1]
PLACE = {"tracking_uri", "artifact_root", "model_name", "experiment"}  # settings of where versions go
CARRIED = (
    "dataset",
    "features",
)  # settings that a rebuild of the data needs; those of the model travel with it
EXAMPLE_USERS = 3


def train_and_log_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """What a trained version depends on: the dataset and the settings of model and training."""
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "model": _digest(settings.model.model_dump_json()),
        "training": _digest(settings.training.model_dump_json()),
        "refuters": ",".join(settings.gate.refuters),
        "registry": settings.registry.model_dump_json(include=PLACE),
        "store": "lost" if _store_was_lost(settings, ledger, ds) else "kept",
    }


def _store_was_lost(settings: Settings, ledger: Ledger, ds: dt.date) -> bool:
    """Something was trained for ``ds``, and the store that it went to is gone: train again."""
    return not store_exists(settings) and ledger.last_success("train", ds) is not None


def train_and_log(
    settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date, progress: Progress | None = None
) -> Outcome:
    """One MLflow run and one registered version; registration is the last step.

    Raises:
        DatasetError: there is no dataset of ``ds``.
        TrainingError: training diverged.
        RegistryError: MLflow does not answer, or the upload differs from what was sent.
    """
    dataset = load_dataset(settings, lake, ds)
    with guarded(settings):
        return _trained(settings, dataset, ds, progress)


def _trained(settings: Settings, dataset: Dataset, ds: dt.date, progress: Progress | None) -> Outcome:
    import mlflow

    from causalrec.training.factory import build_recommender

    client = connect(settings)
    checkpoints = settings.paths.work / "checkpoints" / settings.model.name
    recommender = build_recommender(settings, checkpoints)
    experiment = experiment_id(client, settings)
    with mlflow.start_run(experiment_id=experiment, run_name=f"{settings.model.name} {ds}") as run:
        _log_setting(settings, dataset, ds)
        report = recommender.fit(dataset.data, progress=_Epochs(progress))
        _log_fit(report)
        changes = run_refuters(settings, dataset.data, recommender, report.epochs)
        mlflow.log_metrics({f"{PREFIX}{name}": change for name, change in changes.items()})
        version = _register(client, settings, dataset, recommender, ds, run.info.run_id)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return Outcome(
        rows_in=int(dataset.data.train.shape[1]),
        reads=dataset.pins,
        counters={
            "version": float(version.version),
            "epochs": float(report.epochs),
            "best_epoch": float(report.best_epoch),
            "seconds_per_epoch": report.seconds_per_epoch,
        },
        note=f"{version.name} version {version.version} is challenger (run {version.run_id})",
    )


def train_along(settings: Settings, lake: Lake, ds: dt.date) -> None:
    """What the other processes of a training in several do: the same fit, without keeping anything."""
    from causalrec.training.factory import build_recommender

    build_recommender(settings).fit(load_dataset(settings, lake, ds).data)


class _Epochs:
    """Sends every epoch to MLflow and to the caller."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(self, epoch: int, metrics: dict[str, float]) -> None:
        import mlflow

        mlflow.log_metrics(_safe(metrics), step=epoch)
        if self._progress is not None:
            self._progress(epoch, metrics)


def _safe(metrics: dict[str, float]) -> dict[str, float]:
    """Metric names that MLflow takes (it refuses '@')."""
    return {name.replace("@", "_at_"): float(value) for name, value in metrics.items()}


def _log_setting(settings: Settings, dataset: Dataset, ds: dt.date) -> None:
    import mlflow

    sections = {
        name: getattr(settings, name).model_dump(mode="json") for name in ("model", "training", "dataset")
    }
    mlflow.log_params({name: str(value)[:500] for name, value in _flat(sections).items()})
    mlflow.set_tags({**_facts(settings, dataset, ds), "pins": json.dumps(_pins(dataset))})
    mlflow.log_dict(settings.model_dump(mode="json"), "settings.json")
    origin = _origin(settings, dataset)
    mlflow.log_dict({name: origin[name] for name in ("pins", "files")}, "data.json")
    mlflow.log_dict(origin["environment"], "environment.json")
    data = dataset.data
    sizes = {"users": data.n_users, "items": data.n_items}
    splits = {split: int(getattr(data, split).shape[1]) for split in ("train", "valid", "test")}
    mlflow.log_metrics({f"data_{name}": float(value) for name, value in (sizes | splits).items()})


def _facts(settings: Settings, dataset: Dataset, ds: dt.date) -> dict[str, str]:
    return {
        TRAINED_ON: ds.isoformat(),
        DATASET: dataset.dataset_id,
        MODEL: settings.model.name,
        "shop": settings.shop,
        "seed": str(settings.training.seed),
        "code_version": __version__,
        "git_revision": git_revision() or "unknown",
    }


def _origin(settings: Settings, dataset: Dataset) -> dict[str, Any]:
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


def _log_fit(report: FitReport) -> None:
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


def _register(
    client: "MlflowClient",
    settings: Settings,
    dataset: Dataset,
    recommender: Recommender,
    ds: dt.date,
    run_id: str,
) -> ModelVersion:
    """Uploads, compares what arrived with its checksums, and only then makes a version of it."""
    import mlflow

    facts = _facts(settings, dataset, ds)
    with tempfile.TemporaryDirectory(prefix="causalrec-package-") as scratch:
        folder = Path(scratch) / "package"
        digest = write_package(folder, recommender, dataset, {**facts, **_origin(settings, dataset)})
        info = _log_model(folder, dataset)
    name = settings.registry.model_name
    tags = {**facts, PACKAGE_HASH: digest}
    with opened(ModelVersion(name, "(upload)", run_id, info.model_uri, tags)):
        pass
    version = str(mlflow.register_model(info.model_uri, name, tags=tags).version)
    client.set_registered_model_alias(name, "challenger", version)
    return ModelVersion(name, version, run_id, info.model_uri, tags)


def _log_model(folder: Path, dataset: Dataset) -> Any:  # noqa: ANN401 - MLflow is untyped
    import mlflow
    import pandas as pd

    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(SCRIPT),
        artifacts={"package": str(folder)},
        code_paths=[str(LIBRARY)],
        signature=signature(),
        input_example=pd.DataFrame({"user_id": dataset.user_ids[:EXAMPLE_USERS].astype(str)}),
        pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
    )


def signature() -> Any:  # noqa: ANN401 - MLflow is untyped
    """Users in, ranked items with reasons out; ``k`` is a parameter."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    columns = {
        "user_id": "string",
        "rank": "long",
        "item_id": "string",
        "score": "double",
        "reason_code": "string",
        "reason_text": "string",
        "fallback": "string",
    }
    return ModelSignature(
        inputs=Schema([ColSpec("string", "user_id")]),
        outputs=Schema([ColSpec(kind, name) for name, kind in columns.items()]),
        params=ParamSchema([ParamSpec("k", "long", 20)]),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
