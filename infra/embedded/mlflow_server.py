"""MLflow on this machine: its SQLite database, and the server that shows it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded.errors import EmbeddedError
from infra.embedded.home import LOGIN
from infra.embedded.shop import Shop

CREATE = (
    "import sys; from mlflow import MlflowClient; MlflowClient(sys.argv[1]).search_experiments(max_results=1)"
)


def prepare_mlflow(shop: Shop) -> None:
    """Creates the tracking database if it is a local SQLite file that does not exist yet.

    Raises:
        EmbeddedError: MLflow could not create it.
    """
    with mlflow_prepared(shop) as ready:
        ready()


@contextmanager
def mlflow_prepared(shop: Shop) -> Iterator[Callable[[], None]]:
    """The same beside the start of other servers; what it yields waits for it, and raises the error."""
    uri = shop.settings.tracking_uri
    file = Path(uri.removeprefix("sqlite:///"))
    if not uri.startswith("sqlite:///") or file.is_file():
        yield lambda: None
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    log = file.with_suffix(".log")
    with log.open("w") as stream:
        making = subprocess.Popen(  # noqa: S603  fixed command
            [sys.executable, "-c", CREATE, uri],
            env=shop.environment(), stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield lambda: _require(making.wait() == 0, log)
    finally:
        making.kill()
        if making.wait():
            file.unlink(missing_ok=True)


def _require(made: bool, log: Path) -> None:
    if not made:
        raise EmbeddedError("MLflow's database could not be prepared", do=f"read {log}")


def mlflow_command(shop: Shop, port: int) -> list[str]:
    """Command line of the tracking server, on loopback and behind the log-in of the shop's Airflow."""
    return [
        sys.executable, "-m", "infra.embedded.mlflow_app", "--port", str(port),
        "--users", str(shop.airflow_home / LOGIN),
        "--store", shop.settings.tracking_uri,
        "--artifacts", shop.settings.artifact_root,
    ]  # fmt: skip
