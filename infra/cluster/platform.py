"""A running cluster."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from infra.class_archive import LIGHT, archived
from infra.cluster.layout import Layout
from infra.cluster.service import Wave
from infra.cluster.services import waves
from infra.cluster.show import Board
from infra.cluster.spark import write_properties
from infra.cluster.start import start
from infra.cluster.variables import variables
from infra.embedded import home, ports
from infra.embedded.client import AirflowClient
from infra.embedded.errors import EmbeddedError
from infra.embedded.processes import Processes
from infra.embedded.session import AirflowSession, wait_for_dags
from infra.embedded.shop import Shop, open_shop

MARK = "made-by-make-cluster"


@dataclass(frozen=True)
class Platform:
    """Everything is up, and Airflow knows the DAGs."""

    layout: Layout
    session: AirflowSession
    waves: tuple[Wave, ...]

    def command(self, name: str) -> tuple[str, ...]:
        """Command line of a service."""
        return next(member.command for wave in self.waves for member in wave if member.name == name)


@contextmanager
def platform(
    settings_file: Path, console: Console, *, celery: bool = False, job_command: str = ""
) -> Iterator[Platform]:
    """Starts a cluster with nothing in it, yields it, and always stops it again.

    Args:
        celery: whether Celery's workers run the tasks.
        job_command: how Airflow starts a stage; empty: by ``spark-submit``.

    Raises:
        EmbeddedError: a service did not start; the message names its log.
    """
    shop = open_shop(settings_file, None)
    _begin_anew(shop)
    with tempfile.TemporaryDirectory(prefix="causalrec-pg-", ignore_cleanup_errors=True) as database:
        layout = Layout(shop.work, Path(database) / "data", celery)
        password = home.write_configuration(shop, layout.airflow, follow_schedule=False)
        shop = _on(layout, shop, password, job_command)
        write_properties(layout, archived(LIGHT))
        with Processes(layout.logs, shop.environment()) as processes:
            client = AirflowClient(layout.airflow, home.USER, password)
            members, since = waves(layout, shop, client), dt.datetime.now(dt.UTC)
            start(processes, members, Board(members, console))
            wait_for_dags(client, processes, since)
            address = f"http://{ports.HOST}:{layout.airflow}"
            yield Platform(layout, AirflowSession(shop, client, processes, address, password), members)


def _begin_anew(shop: Shop) -> None:
    """Empties the folder of the cluster before; its tables were in memory."""
    mark = shop.work / MARK
    if shop.work.is_dir() and any(shop.work.iterdir()) and not mark.is_file():
        raise EmbeddedError(
            f"{shop.work} holds something else than a cluster of this command", do="choose another folder"
        )
    shutil.rmtree(shop.work, ignore_errors=True)
    shop.keep_private()
    mark.touch()


def _on(layout: Layout, shop: Shop, password: str, job_command: str) -> Shop:
    """The shop, whose processes find this cluster by their environment."""
    given = {"CAUSALREC__PATHS__WORK": str(shop.work), **variables(layout, password, home.USER)}
    command = {"CAUSALREC_JOB_COMMAND": job_command} if job_command else {}
    return replace(shop, variables=given | command)
