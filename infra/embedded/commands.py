"""The three commands: one night, a range of nights, and the servers."""

import datetime as dt
import os
import subprocess
import sys
import time
import zoneinfo

from rich.console import Console

from infra.embedded import home, ports
from infra.embedded.errors import EmbeddedError, RunFailed
from infra.embedded.mlflow_server import mlflow_command, mlflow_prepared, prepare_mlflow
from infra.embedded.plan import make_plan, ranges, show_plan
from infra.embedded.session import START_SECONDS, AirflowSession, airflow_session
from infra.embedded.shop import ROOT, Shop
from infra.embedded.site_server import INDEX, report_folder, site_command, write_site
from infra.embedded.watch import report_failures, run_dates

DAG = "nightly"
MAX_ROUNDS = 3


def nightly(shop: Shop, ds: dt.date, console: Console) -> None:
    """Runs one date through Airflow, unless everything is up to date, and prints the results."""
    _refuse_unfinished(shop, ds)
    began = time.monotonic()
    (day,) = make_plan(shop, ds, ds, pages=True)
    if day.due:
        _run(shop, [(ds, ds)], console)
    else:
        console.print(f"nothing to do: {ds} is up to date")
    report(shop, ds)
    console.print(f"finished in {time.monotonic() - began:.0f} s", style="dim")


def backfill(shop: Shop, first: dt.date, last: dt.date, console: Console) -> None:
    """Runs the missing and stale dates of the range, until none is left."""
    if first > last:
        raise EmbeddedError(f"FROM={first} is later than TO={last}", do="swap the two dates")
    _refuse_unfinished(shop, last)
    for turn in range(MAX_ROUNDS):
        plan = make_plan(shop, first, last)
        show_plan(plan, console)
        due = ranges(plan)
        if not due:
            return
        if turn:
            console.print(
                "an earlier date changed what later dates depend on: running those again", style="dim"
            )
        _run(shop, due, console)
    left = [day.ds.isoformat() for day in make_plan(shop, first, last) if day.due]
    if left:
        raise RunFailed(
            f"still stale after {MAX_ROUNDS} rounds: {', '.join(left)}", do="look at the reasons above"
        )


def up(shop: Shop, airflow_port: int, mlflow_port: int, site_port: int, console: Console) -> None:
    """Starts Airflow, MLflow and the site of the shop, prints their addresses, and waits for Ctrl-C."""
    ports.require(airflow_port, "Airflow", "AIRFLOW_PORT")
    ports.require(mlflow_port, "MLflow", "MLFLOW_PORT")
    ports.require(site_port, "the site", "SITE_PORT")
    prepare_mlflow(shop)
    os.environ.setdefault("CAUSALREC__REGISTRY__PAGE_URL", f"http://{ports.HOST}:{mlflow_port}")
    with airflow_session(shop, console, port=airflow_port, follow_schedule=True) as session:
        session.processes.start("mlflow", mlflow_command(shop, mlflow_port))
        session.processes.wait_until(
            lambda: not ports.is_free(mlflow_port), "MLflow did not start", START_SECONDS
        )
        site = _site(shop, session, site_port)
        console.print(f"Airflow  {session.address}   user {home.USER}   password {session.password}")
        console.print(f"MLflow   http://{ports.HOST}:{mlflow_port}   the same user and password")
        console.print(site, soft_wrap=True, highlight=False)
        console.print(
            "The DAGs are paused. Unpause `nightly` and `training` to run on schedule, or trigger one with",
            "`ds` set to a date of this shop. Approvals are under Browse > Required Actions.",
            "Ctrl-C stops everything.",
            soft_wrap=True,
        )
        try:
            while True:
                session.processes.check()
                time.sleep(1)
        except KeyboardInterrupt:
            console.print("stopping")


def _site(shop: Shop, session: AirflowSession, port: int) -> str:
    """Writes the site and serves it; returns the line that says where it is."""
    there, folder = write_site(shop), report_folder(shop)
    if folder is None:
        return f"Site     {shop.settings.report_store.address(INDEX)}"
    session.processes.start("site", site_command(shop, folder, port))
    session.processes.wait_until(lambda: not ports.is_free(port), "the site did not start", START_SECONDS)
    later = "" if there else "; causalrec site writes it after the first night"
    return f"Site     http://{ports.HOST}:{port}   the same user and password{later}"


def _run(shop: Shop, due: list[tuple[dt.date, dt.date]], console: Console) -> None:
    with mlflow_prepared(shop) as ready, airflow_session(shop, console) as session:
        ready()
        for first, last in due:
            runs = run_dates(session, DAG, first, last, console)
            if failed := [run for run in runs if run.state == "failed"]:
                report_failures(session, DAG, failed, console)
                raise RunFailed(
                    f"{len(failed)} of {len(runs)} runs failed: {', '.join(str(run.ds) for run in failed)}",
                    do="fix the cause shown in the log above, then run the same command again",
                )


def _refuse_unfinished(shop: Shop, ds: dt.date) -> None:
    landing = shop.settings.landing
    now = dt.datetime.now(zoneinfo.ZoneInfo(landing.time_zone))
    today = (now - dt.timedelta(hours=landing.day_start_hour)).date()
    if ds >= today:
        raise EmbeddedError(
            f"{ds} is not over yet in {landing.time_zone}",
            do=f"choose {today - dt.timedelta(days=1)} or earlier",
        )


def report(shop: Shop, ds: dt.date) -> None:
    """The summary, from the ledger and the tables."""
    done = subprocess.run(  # noqa: S603  fixed command
        [sys.executable, "-m", "jobs.report", "--ds", ds.isoformat()],
        env=shop.environment(), cwd=ROOT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise EmbeddedError(
            "the run finished, but its summary could not be made", do=f"run `python -m jobs.report --ds {ds}`"
        )
