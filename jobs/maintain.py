"""Keep the tables in shape: retention, compaction, vacuum, orphans; the pins of live models hold."""

import sys
from collections.abc import Mapping

from rich.progress import Progress

from causalrec.contracts import table_names
from causalrec.lake.outcome import Outcome
from causalrec.lake.record.ledger import TABLE as LEDGER
from causalrec.lake.upkeep.maintain import upkeep
from causalrec.registry.kept import live_pins
from jobs._runner import Job, JobContext, main


def _work(context: JobContext) -> Outcome:
    pins = live_pins(context.settings)
    names = table_names()
    with Progress(console=context.console, transient=True) as bar:
        task = bar.add_task("tables", total=len(names))

        def done(name: str) -> None:
            bar.update(task, advance=1, description=name)

        outcome = upkeep(context.lake, names, pins, context.ds, done)
    context.console.print(_said(outcome.counters), highlight=False)
    return outcome


def _said(found: Mapping[str, float]) -> str:
    return (
        f"{found['tables']:.0f} tables: {found['partitions_expired']:.0f} partitions expired, "
        f"{found['files_merged']:.0f} files became {found['files_made']:.0f}, "
        f"{found['files_deleted']:.0f} files ({found['bytes_deleted'] / 1e6:,.1f} MB) "
        f"and {found['log_entries_deleted']:.0f} log entries deleted, "
        f"{found['pinned_versions']:.0f} pinned versions kept"
    )


def _inputs(context: JobContext) -> dict[str, str]:
    """The versions of all tables: while nothing was written since, there is nothing to keep in shape."""
    tables = [context.lake.table(name) for name in table_names() if name != LEDGER]
    return {table.name: str(table.version()) for table in tables if table.exists()}


JOB = Job("maintain", _inputs, _work, makes_inputs=True)

if __name__ == "__main__":
    sys.exit(main(JOB))
