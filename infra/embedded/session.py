"""A running embedded Airflow, and the single way to run dates through it."""

import datetime as dt
import fcntl
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from infra.embedded import home, ports
from infra.embedded.client import AirflowClient
from infra.embedded.errors import EmbeddedError
from infra.embedded.processes import Processes
from infra.embedded.shop import ROOT, Shop

START_SECONDS = 300.0
POOLS = ROOT / "infra" / "airflow" / "pools.json"
DAGS = ("nightly", "training", "maintenance", "exports")


@dataclass(frozen=True)
class AirflowSession:
    """Airflow, healthy and with its DAGs known."""

    shop: Shop
    client: AirflowClient
    processes: Processes
    address: str
    password: str


@contextmanager
def airflow_session(
    shop: Shop, console: Console, *, port: int | None = None, follow_schedule: bool = False
) -> Iterator[AirflowSession]:
    """Starts Airflow, yields it, and always stops it again.

    Args:
        port: of the web page and the API; None takes any free one.
        follow_schedule: whether the schedule creates runs too. A one-off run leaves it off, so that unpausing
            the DAG starts nothing else.

    Raises:
        EmbeddedError: another session uses the work folder, or a server did not start.
    """
    began = time.monotonic()
    with _only_one(shop), Processes(shop.airflow_home / "logs" / "servers", shop.environment()) as processes:
        port = ports.any_free() if port is None else port
        password = home.write_configuration(shop, port, follow_schedule=follow_schedule)
        home.migrate(shop)
        known = _parsed_mark(shop)
        unchanged = known.is_file() and known.read_text() == home.dags_digest(shop)
        services = ["api-server", "scheduler --skip-serve-logs"]
        if follow_schedule:
            services += ["dag-processor", "triggerer --skip-serve-logs"]
        elif not unchanged:
            services.append("dag-processor")
        started = dt.datetime.now(dt.UTC)
        for service in services:
            processes.start(service.split()[0], [sys.executable, "-m", "airflow", *service.split()])
        client = AirflowClient(port, home.USER, password)
        processes.wait_until(
            lambda: client.healthy("scheduler"), "Airflow did not become healthy", START_SECONDS
        )
        if "dag-processor" in services:
            wait_for_dags(client, processes, started)
            known.write_text(home.dags_digest(shop))
        for name, pool in json.loads(POOLS.read_text()).items():
            client.ensure_pool(name, pool["slots"], pool["description"])
        for dag in DAGS:
            client.close_leftovers(dag)
        console.print(f"Airflow is ready after {time.monotonic() - began:.0f} s", style="dim")
        yield AirflowSession(shop, client, processes, f"http://{ports.HOST}:{port}", password)


def wait_for_dags(client: AirflowClient, processes: Processes, since: dt.datetime) -> None:
    """Wait until this session has parsed every DAG, so that no run uses an outdated one."""

    def parsed() -> bool:
        return all((at := client.parsed_at(dag)) is not None and at >= since for dag in DAGS)

    try:
        processes.wait_until(parsed, "the DAGs were not parsed", START_SECONDS)
    except EmbeddedError as error:
        if errors := client.import_errors():
            raise EmbeddedError(f"a DAG cannot be imported: {errors[0]}", do="fix this file") from error
        raise


def _parsed_mark(shop: Shop) -> Path:
    return shop.airflow_home / "parsed"


@contextmanager
def _only_one(shop: Shop) -> Iterator[None]:
    """Locks the work folder for one session; the lock ends with the process, however it ends."""
    shop.airflow_home.mkdir(parents=True, exist_ok=True)
    with (shop.airflow_home / "session.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EmbeddedError(
                f"another session already runs Airflow in {shop.airflow_home}",
                do="wait for it to end, or stop it with Ctrl-C in its terminal",
            ) from error
        yield
