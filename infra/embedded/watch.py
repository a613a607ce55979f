"""Shows the progress of a run: a live table on a terminal, one line per change elsewhere."""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.embedded.client import ENDED, AirflowClient, DagRun, TaskRun
from infra.embedded.errors import EmbeddedError
from infra.embedded.logs import failure_lines, failure_reason, loss_lines
from infra.embedded.session import AirflowSession

POLL_SECONDS = 2.0
STYLES = {
    "success": "green",
    "failed": "bold red",
    "running": "cyan",
    "skipped": "dim",
    "upstream_failed": "red",
}
FAILED = frozenset({"failed", "up_for_retry"})
ENDED_TRY = FAILED | {"success"}
NOT_STARTED = frozenset({"waiting", "scheduled", "queued"})
DONE = frozenset({"success", "skipped", "failed", "upstream_failed", "removed"})

Meanwhile = Callable[[DagRun, Sequence[TaskRun]], object]
"""Called with the run that is going on, and its tasks, as often as they are looked at."""


def nothing(run: DagRun, tasks: Sequence[TaskRun]) -> None:
    """Nothing happens meanwhile."""


def run_dates(
    session: AirflowSession,
    dag: str,
    first: dt.date,
    last: dt.date,
    console: Console,
    meanwhile: Meanwhile = nothing,
) -> list[DagRun]:
    """Runs ``dag`` once per date by an Airflow backfill and follows it to the end.

    Returns the runs, oldest first. The DAG is unpaused only meanwhile.
    """
    client = session.client
    with unpaused(client, dag):
        client.create_backfill(dag, first, last)
        runs = follow(session, dag, lambda: client.runs(dag, first, last), console, meanwhile)
        client.close_backfills(dag)
        return runs


@contextmanager
def unpaused(client: AirflowClient, dag: str) -> Iterator[None]:
    """Unpauses ``dag`` within the block, if it was paused."""
    was_paused = client.is_paused(dag)
    client.set_paused(dag, False)
    try:
        yield
    finally:
        if was_paused:
            client.set_paused(dag, True)


def report_failures(session: AirflowSession, dag: str, runs: Sequence[DagRun], console: Console) -> None:
    """Prints the end of the log of every failed task."""
    for run in runs:
        for task in session.client.tasks(dag, run.run_id):
            if task.state == "failed":
                console.rule(f"{run.ds} {task.task} failed (attempt {task.tries})", style="red")
                lines = failure_lines(session.shop.airflow_home / "logs", dag, run.run_id, task)
                console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


def follow(
    session: AirflowSession,
    dag: str,
    look: Callable[[], list[DagRun]],
    console: Console,
    meanwhile: Meanwhile = nothing,
) -> list[DagRun]:
    """Shows the progress of the runs that ``look`` finds, until all of them have ended; returns them."""
    seen: dict[tuple[str, str], str] = {}
    told: dict[tuple[str, str, int], str] = {}
    closed: set[str] = set()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    line = bar.add_task(dag, total=None)
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while True:
            session.processes.check()
            runs = look()
            current = next((run for run in runs if run.state not in ENDED), runs[-1])
            tasks = session.client.tasks(dag, current.run_id)
            done = sum(task.state in DONE for task in tasks)
            ended = sum(run.state in ENDED for run in runs)
            finished = ended * len(tasks) + (0 if current.state in ENDED else done)
            bar.update(
                line, total=len(tasks) * len(runs), completed=finished, description=f"{dag} {current.ds}"
            )
            live.update(Group(_table(tasks), bar))
            if not console.is_terminal:
                _print_changes(current, tasks, seen, console)
            _tell(session, dag, current, tasks, told, console)
            meanwhile(current, tasks)
            for run in runs:
                if (
                    run.state in ENDED and run.run_id not in closed
                ):  # its last tasks have ended since the last poll
                    closed.add(run.run_id)
                    _tell(session, dag, run, session.client.tasks(dag, run.run_id), told, console)
            if ended == len(runs):
                _leave_notes(session, dag, told, console)
                return runs
            time.sleep(POLL_SECONDS)


def _table(tasks: Sequence[TaskRun]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("task")
    table.add_column("state")
    table.add_column("seconds", justify="right")
    for task in tasks:
        seconds = "" if task.seconds is None else f"{task.seconds:.1f}"
        again = f" (attempt {task.tries})" if task.tries > 1 else ""
        table.add_row(task.task, task.state + again, seconds, style=STYLES.get(task.state, ""))
    return table


def _print_changes(
    run: DagRun, tasks: Sequence[TaskRun], seen: dict[tuple[str, str], str], console: Console
) -> None:
    for task in tasks:
        if task.state not in NOT_STARTED and seen.get((run.run_id, task.task)) != task.state:
            seen[run.run_id, task.task] = task.state
            seconds = "" if task.seconds is None else f" {task.seconds:.1f} s"
            console.print(f"{run.ds} {task.task}: {task.state}{seconds}", highlight=False)


def _tell(
    session: AirflowSession,
    dag: str,
    run: DagRun,
    tasks: Sequence[TaskRun],
    told: dict[tuple[str, str, int], str],
    console: Console,
) -> None:
    """Why a task failed and what it lost, in red as soon as it ends; ``told`` keeps it for its note."""
    logs = session.shop.airflow_home / "logs"
    for task in tasks:
        attempt = (run.run_id, task.task, task.tries)
        if task.state not in ENDED_TRY or attempt in told:
            continue
        said = loss_lines(logs, dag, run.run_id, task)
        if task.state in FAILED:
            said.append(f"{run.ds}: {failure_reason(logs, dag, run.run_id, task)}")
        for line in said:
            text = f"{task.task} {line}"
            console.print(text, style="bold red", highlight=False, markup=False, soft_wrap=True)
        told[attempt] = "\n".join(said)


def _leave_notes(
    session: AirflowSession, dag: str, told: Mapping[tuple[str, str, int], str], console: Console
) -> None:
    """The same in the notes that Airflow's pages show, once no task runs any more.

    The API server logs whatever a client changes from within its event loop. If a task's own request holds
    the lock of SQLite at that moment, it cannot be finished until the loop gives up on the lock: every task
    stood still for a minute.
    """
    for (run, task, _), text in told.items():
        if not text:
            continue
        try:
            session.client.set_note(dag, run, task, text)
        except EmbeddedError as error:  # the same is on the console and in the ledger
            line = f"{task}: no note in Airflow: {error}"
            console.print(line, style="dim", markup=False, soft_wrap=True)
