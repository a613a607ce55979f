"""Command line: ``python -m infra.cluster``."""

import datetime as dt
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from causalrec.errors import CausalrecError
from infra.cluster.postgres import postgres
from infra.cluster.servers import spark_environment, start_mlflow, start_spark, start_store
from infra.cluster.shop import DS, REGION, ClusterShop, cluster_shop
from infra.embedded.commands import DAG, report_night
from infra.embedded.errors import RunFailed
from infra.embedded.processes import Processes
from infra.embedded.session import airflow_session
from infra.embedded.shop import ROOT, past_proxies
from infra.embedded.watch import report_failures, run_dates

WORK = ROOT / ".work" / "cluster"
INTERRUPTED = 130


def main() -> int:
    """Starts all servers, runs one night through the scheduler and prints its table; the exit status."""
    console, began = Console(), time.monotonic()
    try:
        with _shop(console) as shop:
            _night(shop, console)
    except CausalrecError as error:
        console.print(str(error), style="bold red", highlight=False, markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; all processes that were started have been stopped", style="bold red")
        return INTERRUPTED
    console.print(f"finished in {time.monotonic() - began:.0f} s", style="dim")
    return 0


@contextmanager
def _shop(console: Console) -> Iterator[ClusterShop]:
    """The shop and its servers. Everything starts anew: the object store is in memory."""
    os.umask(0o077)
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    with postgres("airflow", "mlflow") as database:
        shared = {
            **_credentials(), **spark_environment(), **past_proxies(os.environ),
            "MLFLOW_BACKEND_STORE_URI": database("mlflow"),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        os.environ.update(_credentials())  # of this process, which makes the bucket
        with Processes(WORK / "logs", {**os.environ, **shared}) as first:
            endpoint = start_store(first)
            shared["AWS_ENDPOINT_URL"] = endpoint
            console.print(f"object store {endpoint}", style="dim")
            with Processes(WORK / "logs", {**os.environ, **shared}) as processes:
                mlflow = start_mlflow(processes)
                console.print(f"MLflow {mlflow}", style="dim")
                master = start_spark(processes, WORK)
                console.print(f"Spark {master}, two workers", style="dim")
                airflow = database("airflow")
                further = {
                    **shared,
                    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
                    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": airflow,
                }
                yield cluster_shop(WORK, endpoint=endpoint, mlflow=mlflow, master=master, further=further)


def _credentials() -> dict[str, str]:
    """Random ones for the object store, and its region."""
    given = os.environ.get("AWS_SECRET_ACCESS_KEY") or secrets.token_hex(20)
    return {
        "AWS_ACCESS_KEY_ID": "causalrec",
        "AWS_SECRET_ACCESS_KEY": given,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _night(shop: ClusterShop, console: Console) -> None:
    ds = dt.date.fromisoformat(DS)
    with airflow_session(shop, console) as session:
        session.processes.start(
            "triggerer", [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"]
        )
        console.print(f"Airflow {session.address}", style="dim")
        runs = run_dates(session, DAG, ds, ds, console)
        if failed := [run for run in runs if run.state == "failed"]:
            report_failures(session, DAG, failed, console)
            raise RunFailed(f"the night of {ds} failed", do=f"read the logs in {WORK / 'logs'}")
        report_night(shop, ds)


if __name__ == "__main__":
    sys.exit(main())
