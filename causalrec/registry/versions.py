"""Registered versions: finding them by alias and opening their package."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.registry.store import connect, store_exists

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    from causalrec.registry.package import ModelPackage

Alias = Literal["champion", "challenger", "experiment"]
EXPERIMENT: Alias = "experiment"  # of the version that a reviewer wants tried before it is promoted
AGAINST = "evaluated_against"  # tag: the champion that the version was compared with, empty for none
GATE = "gate"  # tag: what the gate decided
PACKAGE_HASH, DATASET, TRAINED_ON, MODEL = "package_sha256", "dataset_id", "ds", "model"
TUNED = "tuned"  # tag of a run: the tuned settings it was trained with
SCRIPT_LOADER = "mlflow.pyfunc.loaders.code_model"


@dataclass(frozen=True)
class ModelVersion:
    """One version in the registry."""

    name: str
    version: str
    run_id: str
    source: str
    tags: dict[str, str] = field(default_factory=dict)


def by_alias(client: "MlflowClient", settings: Settings, alias: Alias) -> ModelVersion | None:
    """The version that holds ``alias``; None if no version does."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version_by_alias(settings.registry.model_name, alias)
    except MlflowException as error:
        _refuse_outage(error, settings)
        return None
    return _version(client, found)


def by_number(client: "MlflowClient", settings: Settings, number: str) -> ModelVersion:
    """The version with that number.

    Raises:
        RegistryError: there is none.
    """
    found = find_number(client, settings, number)
    if found is None:
        raise RegistryError(
            f"{settings.registry.model_name} has no version {number}", do="causalrec history lists them"
        )
    return found


def find_number(client: "MlflowClient", settings: Settings, number: str) -> ModelVersion | None:
    """The version with that number; None if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        return _version(client, client.get_model_version(settings.registry.model_name, number))
    except MlflowException as error:
        _refuse_outage(error, settings)
        return None


def _refuse_outage(error: "MlflowException", settings: Settings) -> None:
    """Only a definite "does not exist" from MLflow counts as an answer."""
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise RegistryError(
            f"MLflow at {settings.tracking_uri}: {error}", do="check that MLflow is running"
        ) from error


def _version(client: "MlflowClient", found: Any) -> ModelVersion:  # noqa: ANN401 - MLflow is untyped
    uri = client.get_model_version_download_uri(found.name, found.version)
    return ModelVersion(found.name, str(found.version), str(found.run_id), str(uri), dict(found.tags))


def need(client: "MlflowClient", settings: Settings, alias: Alias) -> ModelVersion:
    """Like :func:`by_alias`, but a missing alias is an error."""
    found = by_alias(client, settings, alias)
    if found is None:
        raise RegistryError(
            f"{settings.registry.model_name} has no {alias}",
            do="run train" if alias == "challenger" else "run train, evaluate and promote",
        )
    return found


def version_of(settings: Settings, alias: Alias) -> str:
    """Version number behind ``alias`` for a fingerprint; empty if there is none. Creates no store."""
    if not store_exists(settings):
        return ""
    found = by_alias(connect(settings), settings, alias)
    return "" if found is None else found.version


@contextmanager
def opened(version: ModelVersion) -> "Iterator[ModelPackage]":
    """The verified package of a version, on local disk for the duration of the block.

    Raises:
        RegistryError: artifacts are missing, changed, unsigned, or could hold a pickle.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    from causalrec.registry.package import open_package  # scoring, which reading aliases does not need

    with tempfile.TemporaryDirectory(prefix="causalrec-model-") as scratch:
        try:
            folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=version.source, dst_path=scratch))
        except (MlflowException, OSError) as error:
            label = f"{version.name} version {version.version}"
            raise RegistryError(
                f"the artifacts of {label} cannot be read at {version.source} ({type(error).__name__})",
                do="bring them back to that place, or train and register the model again",
            ) from error
        _verify_flavour(folder, version)
        yield open_package(folder / "artifacts" / "package", version.tags.get(PACKAGE_HASH, ""))


def _verify_flavour(folder: Path, version: ModelVersion) -> None:
    from mlflow.models import Model

    label = f"{version.name} version {version.version}"
    if not (folder / "MLmodel").is_file():
        raise RegistryError(f"{label} has no MLmodel file", do="train and register the model again")
    model = Model.load(str(folder))
    flavour = model.flavors.get("python_function", {})
    if flavour.get("loader_module") != SCRIPT_LOADER or "python_model" in flavour:
        raise RegistryError(
            f"{label} would load a pickle",
            do="register it with the train job, which logs source code instead",
        )
    if model.signature is None:
        raise RegistryError(f"{label} has no signature", do="train and register the model again")
