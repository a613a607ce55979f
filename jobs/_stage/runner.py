"""Shared by all stages: arguments, settings, skipping if nothing has changed, ledger row, summary."""

import argparse
import datetime as dt
import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.markup import escape

from causalrec import __version__
from causalrec.code import code_hash
from causalrec.config import Settings, load_settings
from causalrec.disk import disk_faults_named
from causalrec.errors import CausalrecError
from causalrec.lake.outcome import LOUD, Outcome, losses, summed_losses
from causalrec.lake.record.ledger import LedgerRow, new_row
from causalrec.lake.record.lineage import Lineage
from causalrec.pipeline import STAGES
from causalrec.run import Run, open_run
from jobs._stage.airflow import in_airflow, outcome_line, parent_of
from jobs._terminal.private import private_files
from jobs._terminal.progress import Terminal
from jobs._terminal.tables import Table

EXIT_YES, EXIT_ERROR, EXIT_NO = 0, 1, 99
EXIT_REFUSED = 78
"""Exit status of a refusal that a retry cannot change: a bad delivery, setting or dataset."""


@dataclass(frozen=True)
class Job:
    """A stage that makes something, and records a row in the ledger.

    Attributes:
        name: of the stage in :mod:`causalrec.pipeline`, file name under jobs/, ``job`` in the ledger.
        inputs: digests of everything the result depends on; cheap, without Spark.
        work: does the work; returns one Outcome for ``ds`` or one per date.
        makes_inputs: the work itself makes what ``inputs`` reads, so they are taken again afterwards.
        show: prints a summary at the end, even if nothing had to be done.
        module: entry module of its code; empty: ``jobs.NAME``.
        gone: names a result for the date, outside the lake, that no longer exists; it is then made again.
        always: run even if nothing changed, because others can change what it makes.
    """

    name: str
    inputs: Callable[[Run], Mapping[str, str]]
    work: Callable[[Run], Outcome | Mapping[dt.date, Outcome]]
    makes_inputs: bool = False
    show: Callable[[Run], None] | None = None
    module: str = ""
    gone: Callable[[Run], str | None] | None = None
    always: bool = False


@dataclass(frozen=True)
class Question:
    """A stage that only asks a question: exit status 0 for yes, 99 (Airflow skips what follows) for no.

    Attributes:
        ask: the answer, and a line about it. That line is printed last, and Airflow may pass it on.
    """

    name: str
    ask: Callable[[Run], tuple[bool, str]]


CODE = "code"  # among the inputs: the hash of the code that the result depends on


def inputs_of(job: Job, context: Run) -> dict[str, str]:
    """Everything that the result of ``job`` depends on, by name: its code and its inputs."""
    memory = context.settings.paths.work / "cache" / "code.json"
    return {**job.inputs(context), CODE: code_hash(job.module or f"jobs.{job.name}", memory)}


def what_is_gone(job: Job, context: Run) -> str | None:
    """A result of ``job`` for the date that no longer exists; None if nothing is missing."""
    return None if job.gone is None else job.gone(context)


def fingerprint(job: str, inputs: Mapping[str, str]) -> str:
    """Hash of everything a result depends on."""
    return hashlib.sha256(json.dumps([job, sorted(inputs.items())]).encode()).hexdigest()


def main(job: Job | Question, argv: list[str] | None = None) -> int:
    """Runs a stage from a command line; returns the exit status."""
    console = Console(stderr=False)
    arguments = parsed(job.name, argv)
    try:
        with disk_faults_named(), private_files():
            context = open_run(loaded(arguments), arguments.ds, Terminal(console), force=arguments.force)
            return _ask(job, context) if isinstance(job, Question) else _do(job, context, console)
    except CausalrecError as error:
        console.print(f"[bold red]{job.name}[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return EXIT_ERROR if error.passing else EXIT_REFUSED


def _ask(question: Question, context: Run) -> int:
    yes, line = question.ask(context)
    context.progress.say(line)
    return EXIT_YES if yes else EXIT_NO


def _do(job: Job, context: Run, console: Console) -> int:
    rows = run(job, context)
    console.print(_summary(job, rows))
    _print_notes(rows, console)
    if job.show is not None:
        job.show(context)
    if in_airflow(os.environ):
        console.print(outcome_line(context.ds, rows), markup=False, highlight=False, soft_wrap=True)
    return EXIT_YES


def run(job: Job, context: Run) -> list[LedgerRow]:
    """Skip the stage, or run and record it. A failure is recorded too, then raised again."""
    inputs = inputs_of(job, context)
    mark = fingerprint(job.name, inputs)
    last = context.ledger.last_success(job.name, context.ds)
    if last is not None and last.fingerprint == mark and not (context.force or job.always):
        lost = what_is_gone(job, context)
        if lost is None:
            context.progress.say(f"{job.name} {context.ds}: up to date")
            return [last]
        context.progress.say(f"{job.name} {context.ds}: {lost}")
    for loss in _losses(job, context):
        context.progress.say(loss)
    start = _Start()
    lineage = Lineage(context.settings, parent_of(os.environ))
    _warn(context, lineage.start(start.run_id, job.name, context.ds, start.at))
    failure: BaseException | None = None
    outcomes: Mapping[dt.date, Outcome]
    with context:
        try:
            _require_whole(job, context)
            result = job.work(context)
            outcomes = result if isinstance(result, Mapping) else {context.ds: result}
        except BaseException as error:
            failure, outcomes = error, {context.ds: Outcome(note=f"{type(error).__name__}: {error}"[:2000])}
    rows = _rows(job, context, start, inputs, outcomes, failed=failure is not None)
    try:
        context.ledger.record(rows)
        _warn(context, lineage.end(rows or _rows(job, context, start, inputs, {context.ds: Outcome()})))
    finally:
        if failure is not None:
            raise failure  # the cause, even if the ledger cannot be written either
    return rows


@dataclass(frozen=True)
class _Start:
    """When a stage began, in wall and CPU time, and the id of its run."""

    run_id: str = field(default_factory=lambda: uuid4().hex)
    at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    wall: float = field(default_factory=time.monotonic)
    cpu: float = field(default_factory=lambda: _cpu_seconds())


def _rows(
    job: Job,
    context: Run,
    start: _Start,
    inputs: Mapping[str, str],
    outcomes: Mapping[dt.date, Outcome],
    *,
    failed: bool = False,
) -> list[LedgerRow]:
    """One row per date. The row of the run date, or else the first one, has the id of the start."""
    seconds, spent = time.monotonic() - start.wall, _cpu_seconds() - start.cpu
    named = context.ds if context.ds in outcomes else min(outcomes, default=context.ds)
    rows = []
    for ds, outcome in sorted(outcomes.items()):
        same = inputs if failed else _read(job, context, ds, outcome, inputs)
        rows.append(
            new_row(
                run_id=start.run_id if ds == named else uuid4().hex,
                job=job.name,
                ds=ds,
                started_at=start.at,
                seconds=seconds / len(outcomes),
                cpu_seconds=spent / len(outcomes),
                outcome=outcome,
                failed=failed,
                fingerprint=fingerprint(job.name, same),
                inputs=same,
                code_version=__version__,
            )
        )
    return rows


def _require_whole(job: Job, context: Run) -> None:
    """Check that all tables the stage reads are intact before it starts; those it rewrites may be damaged.

    Raises:
        PinError: another engine deleted data files.
    """
    stage = STAGES.get(job.name)
    if stage is not None:
        for name in sorted(set(stage.reads) - set(stage.writes)):
            context.lake.table(name).require_whole()


def _losses(job: Job, context: Run) -> list[str]:
    """What the tables that the stage reads or writes no longer have, in words."""
    stage = STAGES.get(job.name)
    return [] if stage is None else context.ledger.losses((*stage.reads, *stage.writes))


def _read(job: Job, context: Run, ds: dt.date, outcome: Outcome, before: Mapping[str, str]) -> dict[str, str]:
    """The inputs behind the result for ``ds``.

    Empty, so that it is made again, if they were not taken in time.
    """
    if outcome.inputs is not None:
        return {**outcome.inputs, CODE: before[CODE]}
    if ds != context.ds:
        return {}
    return inputs_of(job, context) if job.makes_inputs else dict(before)


def _warn(context: Run, line: str | None) -> None:
    if line is not None:
        context.progress.say(line)


def _cpu_seconds() -> float:
    """CPU seconds of this process and of the children it has waited for (JVM, Python workers)."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def loaded(arguments: argparse.Namespace) -> Settings:
    """The settings named by the command line and the environment."""
    return shop_settings(arguments.settings)


def shop_settings(file: str | None, *, tuned: bool = True) -> Settings:
    """The settings of the shop in ``file``, or in the file that the environment names; ``tuned`` as in
    ``load_settings``."""
    file = file or os.environ.get("CAUSALREC_SETTINGS")
    return load_settings(Path(file) if file else None, os.environ, tuned=tuned)


def parsed(name: str, argv: list[str] | None) -> argparse.Namespace:
    """The arguments common to all stages."""
    parser = argparse.ArgumentParser(prog=f"python -m jobs.{name}")
    parser.add_argument("--ds", type=dt.date.fromisoformat, required=True, help="run date YYYY-MM-DD")
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")
    parser.add_argument("--force", action="store_true", help="recompute even if nothing changed")
    return parser.parse_args(argv)


def _print_notes(rows: list[LedgerRow], console: Console) -> None:
    """Losses first, those of many dates summed up, so that people see them rather than scroll past them."""
    ordered = sorted(rows, key=lambda row: row.ds)
    lost = summed_losses((str(row.ds), loss) for row in ordered for loss in losses(row.note))
    other = [
        f"{row.ds}: {line}" for row in rows for line in row.note.splitlines() if not line.startswith(LOUD)
    ]
    for style, lines in (("bold red", lost), ("yellow", other)):
        for line in lines:
            console.print(escape(line), style=style, highlight=False, soft_wrap=True)


def _summary(job: Job, rows: list[LedgerRow]) -> Table:
    table = Table(title=f"{job.name}")
    for column in ("ds", "status", "rows in", "rows out", "rejected", "seconds", "writes"):
        table.add_column(column, justify="left" if column in ("ds", "status", "writes") else "right")
    shown = rows if len(rows) <= 8 else rows[:3] + rows[-4:]
    for row in shown:
        writes = ", ".join(sorted({f"{w['table']}@{w['version']}" for w in row.writes}))
        table.add_row(
            row.ds.isoformat(), row.status, f"{row.rows_in:,}", f"{row.rows_out:,}",
            f"{row.rows_rejected:,}", f"{row.seconds:.1f}", writes,
        )  # fmt: skip
    if len(shown) < len(rows):
        table.caption = f"{len(rows)} dates in all"
    return table


if __name__ == "__main__":
    sys.exit("run a job: python -m jobs.NAME --ds YYYY-MM-DD")
