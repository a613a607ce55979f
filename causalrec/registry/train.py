"""Trains the configured model on the pinned dataset, logs it to MLflow and registers it as challenger."""

import datetime as dt
import hashlib

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome
from causalrec.model.base import FitReport, Progress, Recommender, ServingTables
from causalrec.plugins import MODELS, plugin_name, plugin_version
from causalrec.registry.checkpoints import checkpoints_of
from causalrec.registry.gate.refuted import PREFIX, run_refuters
from causalrec.registry.pins import dataset_row
from causalrec.registry.register import register
from causalrec.registry.store import connect, experiment_id, guarded, store_exists
from causalrec.registry.training_run import Epochs, log_fit, log_setting, log_worth

# settings for where versions are stored
PLACE = {"tracking_uri", "artifact_root", "model_name", "experiment"}


def train_and_log_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """What a trained version depends on: the dataset and the settings of model and training."""
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "model": _digest(settings.model.model_dump_json() + _package(settings.model.name)),
        "training": _digest(settings.training.model_dump_json()),
        "refuters": ",".join(settings.gate.refuters),
        "registry": settings.registry.model_dump_json(include=PLACE),
        "store": "lost" if _store_was_lost(settings, ledger, ds) else "kept",
    }


def _package(model: str) -> str:
    """Name and version of the plug-in package of the model; '' for built-in models."""
    plugin = plugin_name(model)
    return plugin_version(MODELS, plugin) if plugin else ""


def _store_was_lost(settings: Settings, ledger: Ledger, ds: dt.date) -> bool:
    """Whether a model was trained for ``ds`` but its store is gone, so that it must be trained again."""
    return not store_exists(settings) and ledger.last_success("train", ds) is not None


def train_and_log(
    settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date, progress: Progress | None = None
) -> Outcome:
    """One MLflow run and one registered version; registration is the last step.

    Raises:
        DatasetError: there is no dataset of ``ds``.
        TrainingError: training diverged.
        RegistryError: MLflow does not respond, or the upload differs from what was sent.
    """
    dataset = load_dataset(settings, lake, ds)
    with guarded(settings):
        return _trained(settings, dataset, ds, progress)


def _trained(settings: Settings, dataset: Dataset, ds: dt.date, progress: Progress | None) -> Outcome:
    import mlflow

    from causalrec.training.factory import build_recommender
    from causalrec.training.judged import fit_judged
    from causalrec.training.part_worth import part_worth
    from causalrec.training.refit import refitted

    client = connect(settings)
    experiment = experiment_id(client, settings)
    name = f"{settings.model.name} {ds}"
    with (
        checkpoints_of(settings) as checkpoints,
        mlflow.start_run(experiment_id=experiment, run_name=name) as run,
    ):
        log_setting(settings, dataset, ds)
        short: dict[str, ServingTables] = {}
        truth_is_known = settings.source.kind == "demo"
        keep = short.__setitem__ if truth_is_known else None

        def fit(chosen: Settings) -> tuple[Recommender, FitReport]:
            model = build_recommender(chosen, checkpoints.folder)
            return model, model.fit(dataset.data, progress=checkpoints.after_epochs(Epochs(progress)))

        judged = fit_judged(settings, dataset.data, fit, keep)
        chosen, recommender, report = judged.settings, judged.recommender, judged.report
        # its own: measured during the fit
        recommender.worth = (*judged.worth, *recommender.worth, *part_worth(recommender, dataset.data))
        log_fit(report)
        log_worth(recommender.worth)
        changes = run_refuters(chosen, dataset.data, recommender, report.epochs)
        mlflow.log_metrics({f"{PREFIX}{name}": change for name, change in changes.items()})
        served = refitted(chosen, dataset.data, recommender, report.best_epoch)
        version = register(client, settings, dataset, (recommender, served), ds, run.info.run_id, short)
        checkpoints.delete()
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
    """The other processes of a multi-process training run: the same fit, without storing anything."""
    from causalrec.training.factory import build_recommender
    from causalrec.training.judged import fit_judged
    from causalrec.training.refit import refitted

    data = load_dataset(settings, lake, ds).data

    def fit(chosen: Settings) -> tuple[Recommender, FitReport]:
        model = build_recommender(chosen)
        return model, model.fit(data)

    judged = fit_judged(settings, data, fit)
    refitted(judged.settings, data, judged.recommender, judged.report.best_epoch)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
