"""The connection to MLflow: SQLite or a server, named explicitly, never taken from the environment."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from causalrec.config import Settings
from causalrec.disk import CURE, disk_fault
from causalrec.errors import RegistryError
from causalrec.registry.sqlite import refuse_damaged

if TYPE_CHECKING:
    from mlflow import MlflowClient

TIMEOUT_SECONDS = 60  # timeout of one request to MLflow, in seconds

SQLITE = "sqlite:///"
SCHEME = re.compile(r"[a-z][a-z0-9+-]+:")  # of a URI with or without an authority (mlflow-artifacts:/)


def connect(settings: Settings) -> "MlflowClient":
    """A client of ``settings.tracking_uri``, which is also the registry; telemetry is off.

    Raises:
        LostRegistry: it is a damaged SQLite file.
    """
    import mlflow
    from mlflow.environment_variables import (
        MLFLOW_DISABLE_TELEMETRY,
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES,
        MLFLOW_HTTP_REQUEST_TIMEOUT,
        MLFLOW_UV_AUTO_DETECT,
    )
    from mlflow.telemetry import set_telemetry_client

    MLFLOW_DISABLE_TELEMETRY.set("true")
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set("false")
    MLFLOW_UV_AUTO_DETECT.set("false")  # a version's requirements must not depend on the working directory
    MLFLOW_HTTP_REQUEST_MAX_RETRIES.set(settings.registry.retries)
    MLFLOW_HTTP_REQUEST_TIMEOUT.set(TIMEOUT_SECONDS)
    set_telemetry_client()  # drops the client created by the import
    uri = settings.tracking_uri
    if uri.startswith(SQLITE):
        file = Path(uri.removeprefix(SQLITE))
        file.parent.mkdir(parents=True, exist_ok=True)
        refuse_damaged(file)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return mlflow.MlflowClient(uri, uri)


@contextmanager
def guarded(settings: Settings) -> Iterator[None]:
    """Turns any MLflow error, after its bounded retries, into a one-line error that says what to do."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException

    try:
        yield
    except (MlflowException, RequestException) as error:
        fault = disk_fault(error)
        do = "start it, or correct registry.tracking_uri, then run the same command again"
        raise RegistryError(
            f"MLflow at {settings.tracking_uri}: {fault or str(error).splitlines()[0][:300]}",
            do=do if fault is None else CURE,
        ) from error


def experiment_id(client: "MlflowClient", settings: Settings) -> str:
    """Id of the configured experiment, created with an explicit artifact location if it is missing."""
    from mlflow.exceptions import MlflowException

    name = settings.registry.model_name
    found = client.get_experiment_by_name(name)
    if found is None:
        location = f"{settings.artifact_root.rstrip('/')}/{name}"
        uri = location if SCHEME.match(location) else Path(location).absolute().as_uri()
        try:
            return str(client.create_experiment(name, artifact_location=uri))
        except MlflowException as error:
            found = client.get_experiment_by_name(name)  # another run may have created it meanwhile
            if found is None:
                _unreachable(settings, error)
    if found.lifecycle_stage != "active":
        raise RegistryError(
            f"experiment {name} was deleted in MLflow",
            do="restore it, or choose another name (registry.model_name)",
        )
    return str(found.experiment_id)


def store_exists(settings: Settings) -> bool:
    """False only if a SQLite store has certainly not been created yet; does not need MLflow."""
    uri = settings.tracking_uri
    return not uri.startswith(SQLITE) or Path(uri.removeprefix(SQLITE)).is_file()


def _unreachable(settings: Settings, error: Exception) -> NoReturn:
    raise RegistryError(
        f"MLflow at {settings.tracking_uri} does not answer ({type(error).__name__})",
        do="start it, or correct registry.tracking_uri",
    ) from error
