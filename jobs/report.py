"""Write the page of a night and print its summary."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.text import Text

from causalrec.dataset.load import load_dataset
from causalrec.ingest.unread import UnreadField
from causalrec.lake.outcome import Outcome
from causalrec.pipeline import RECORDED
from causalrec.registry.store import connect
from causalrec.registry.versions import by_number, opened
from causalrec.report.night import Metrics, NightFacts, read_night
from causalrec.report.nightly import nightly_page, page_address, report_inputs
from causalrec.report.truth import TruthLine, read_truth, write_truth
from causalrec.run import Run
from jobs._stage.runner import Job, main
from jobs._terminal.tables import Table
from jobs._terminal.truth import truth_lines, truth_table

NAME = "report"
SHOWN = tuple(name for name in RECORDED if name != NAME)


def _night(run: Run) -> NightFacts:
    return read_night(run.settings, run.lake, run.ledger, run.ds, SHOWN)


def _work(run: Run) -> Outcome:
    night, truth = _night(run), _truth(run)
    write_truth(run.settings, run.ds, truth)
    page = nightly_page(run.settings, run.lake, night, truth)
    return Outcome(
        rows_in=len(night.lines),
        counters={"page_bytes": float(page.size)},
        note=f"page {page}",
    )


def _truth(run: Run) -> tuple[TruthLine, ...]:
    """The version that scored the night, against the truth of the shop; empty if that is unknown."""
    scored = run.ledger.last_success("score", run.ds)
    if run.settings.source.kind != "demo" or scored is None:
        return ()
    champion = by_number(connect(run.settings), run.settings, scored.inputs["champion"])
    with opened(champion) as package:
        dataset = load_dataset(run.settings, run.lake, run.ds)
        return truth_lines(run.settings, dataset, {f"version {champion.version}": package}, run.progress.say)


def _show(run: Run) -> None:
    """One table per question that people have in the morning."""
    night = _night(run)
    run.progress.say(tables_of(night))
    if night.unread:
        run.progress.say(fields_of(night.unread))
    if night.metrics is not None:
        run.progress.say(metrics_of(night.metrics))
    if truth := read_truth(run.settings, run.ds):
        run.progress.say(truth_table(truth))
    run.progress.say(f"page: {page_address(run.settings, run.ds)}")


def tables_of(night: NightFacts) -> Table:
    """Rows in, out and rejected, seconds and location per table."""
    table = Table(title=f"night of {night.ds}")
    for name in ("job", "table", "rows in", "rows out", "rejected", "seconds", "where"):
        right = name in ("rows in", "rows out", "rejected", "seconds")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for line in night.lines:
        where = f"{_short(line.location)} @ {line.version}" if line.version is not None else line.status
        numbers = [f"{n:,}" if n else "" for n in (line.rows_in, line.rows_out, line.rejected)]
        cells = (line.job, line.table, *numbers, f"{line.seconds:.1f}" if line.seconds else "", where)
        table.add_row(*cells, style="bold red" if line.losses else None)
    if night.losses:
        told = [f"{job} {loss}" for job, loss in night.losses]
        table.caption = Text("\n".join(told), style="bold red", justify="left")
    return table


def fields_of(unread: Sequence[UnreadField]) -> Table:
    """Columns that became null in some rows; the rows are kept all the same."""
    table = Table(title="fields left empty (causalrec requeue tries them again)")
    for name in ("table", "arrived", "column", "reason", "rows", "such as"):
        table.add_column(name, justify="right" if name == "rows" else "left", overflow="fold")
    for one in unread:
        table.add_row(
            one.kind, one.date.isoformat(), one.column, one.reason, f"{one.rows:,}", escape(one.example)
        )
    return table


def metrics_of(metrics: Metrics) -> Table:
    """The model against its baselines."""
    title = f"version {metrics.version} against baselines ({metrics.split} split, {metrics.evaluated_on})"
    table = Table(title=title)
    table.add_column("model")
    for name in metrics.names:
        table.add_column(name, justify="right")
    for line in metrics.models:
        values = [f"{line.values[name]:.4f}" if name in line.values else "" for name in metrics.names]
        table.add_row(line.model, *values)
    return table


def _short(location: str) -> str:
    """Relative to the current folder if it is below it."""
    path = Path(location)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else location


JOB = Job(
    name=NAME,
    inputs=lambda run: report_inputs(run.settings, run.ledger, run.ds, SHOWN),
    work=_work,
    show=_show,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
