"""Reads from MLflow about the run that made a version, and attaches pages to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalrec.errors import RegistryError
from causalrec.registry.versions import PACKAGE_HASH, TUNED, ModelVersion

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

REVIEW = "review"  # artifact folder of the page; also the version's tag with its path
LINEAGE = ("dataset_id", "ds", "code_version", "git_revision", "seed")
COST = {
    "epochs": "epochs",
    "best_epoch": "chosen epoch",
    "seconds_per_epoch": "seconds per epoch",
    "fit_seconds": "seconds of training",
    "data_users": "users",
    "data_items": "items",
    "data_train": "training pairs",
}


@dataclass(frozen=True)
class RunFacts:
    """Curves (metric -> (step, value) in order), origin and cost of a version."""

    curves: Mapping[str, tuple[tuple[int, float], ...]]
    best_epoch: int | None
    lineage: Mapping[str, str]
    cost: Mapping[str, str]


def run_facts(client: "MlflowClient", version: ModelVersion) -> RunFacts:
    """Reads the run of ``version``.

    Raises:
        RegistryError: MLflow does not answer, or the run is gone.
    """
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(version.run_id)
        curves = {
            name.replace("_at_", "@"): points
            for name in sorted(run.data.metrics)
            if name != "seconds" and (points := _curve(client, version.run_id, name))
        }
    except MlflowException as error:
        raise RegistryError(
            f"run {version.run_id} of version {version.version} cannot be read: {error}",
            do="start MLflow, or train and register the model again",
        ) from error
    best = run.data.metrics.get("best_epoch")
    return RunFacts(curves, int(best) if best else None, _lineage(run, version), _cost(run))


def attach_page(client: "MlflowClient", version: ModelVersion, name: str, html: str) -> str:
    """Logs the page ``name`` as an artifact of the version's run and tags the version with its path there.

    Raises:
        RegistryError: MLflow refuses it.
    """
    from mlflow.exceptions import MlflowException

    path = f"{REVIEW}/{name}"
    try:
        client.log_text(version.run_id, html, path)
        client.set_model_version_tag(version.name, version.version, REVIEW, path)
    except (MlflowException, OSError) as error:
        raise RegistryError(
            f"the page of version {version.version} could not be stored in MLflow ({type(error).__name__})",
            do="start MLflow and its artifact store, then run review again",
        ) from error
    return path


def _curve(client: "MlflowClient", run_id: str, name: str) -> tuple[tuple[int, float], ...]:
    """Points of a metric logged per epoch; empty for one logged once, without a step."""
    points = {point.step: float(point.value) for point in client.get_metric_history(run_id, name)}
    return tuple(sorted(points.items())) if any(points) else ()


def _lineage(run: "Run", version: ModelVersion) -> dict[str, str]:
    tags = {**run.data.tags, **version.tags}
    facts = {"version": f"{version.name} version {version.version}", "run": version.run_id}
    facts |= {name: tags[name] for name in LINEAGE if name in tags}
    facts |= {"tuned settings": tags[TUNED]} if TUNED in tags else {}
    facts |= {"package sha256": tags[PACKAGE_HASH]} if PACKAGE_HASH in tags else {}
    pins: dict[str, int] = json.loads(tags.get("pins", "{}"))
    return facts | {f"table {table}": f"Delta version {number}" for table, number in sorted(pins.items())}


def _cost(run: "Run") -> dict[str, str]:
    values = run.data.metrics
    return {label: f"{values[name]:,.4g}" for name, label in COST.items() if name in values}
