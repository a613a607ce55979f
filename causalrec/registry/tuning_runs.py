"""What is logged to MLflow about a search: one run, and below it one per trial."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from causalrec.config import Settings
from causalrec.config.bench import Value
from causalrec.registry.store import connect, experiment_id, guarded

METRIC = "validation"


class LogTrial(Protocol):
    """Logs one finished trial."""

    def __call__(
        self, number: int, state: str, value: float | None, seconds: float, change: Mapping[str, Value]
    ) -> None: ...


@contextmanager
def tuning_run(settings: Settings, name: str) -> Iterator[LogTrial]:
    """The run of a search, open while its trials are logged.

    Raises:
        RegistryError: MLflow does not respond.
    """
    import mlflow

    with guarded(settings):
        client = connect(settings)
        experiment = experiment_id(client, settings)
        with mlflow.start_run(experiment_id=experiment, run_name=name):
            mlflow.set_tag("model", settings.model.name)

            def log(
                number: int, state: str, value: float | None, seconds: float, change: Mapping[str, Value]
            ) -> None:
                with mlflow.start_run(experiment_id=experiment, run_name=f"trial {number}", nested=True):
                    mlflow.set_tag("state", state)
                    mlflow.log_params(dict(change))
                    mlflow.log_metric("seconds", seconds)
                    if value is not None:
                        mlflow.log_metric(METRIC, value)

            yield log
