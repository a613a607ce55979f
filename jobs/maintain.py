"""Keep the tables in shape: retention, compaction, vacuum, orphans; the pins of live models hold."""

import sys
from collections.abc import Mapping

from causalrec.contracts import table_names
from causalrec.lake.outcome import Outcome
from causalrec.lake.record.ledger import TABLE as LEDGER
from causalrec.lake.upkeep.maintain import upkeep
from causalrec.registry.kept import live_pins
from causalrec.run import Run
from jobs._stage.runner import Job, main


def _work(run: Run) -> Outcome:
    names = table_names()
    with run.progress.steps("tables") as show:

        def done(name: str) -> None:
            show(names.index(name) + 1, len(names))

        outcome = upkeep(run.lake, names, live_pins(run.settings, run.lake), run.ds, done)
    run.progress.say(_said(outcome.counters))
    return outcome


def _said(found: Mapping[str, float]) -> str:
    return (
        f"{found['tables']:.0f} tables: {found['partitions_expired']:.0f} partitions expired, "
        f"{found['files_merged']:.0f} files became {found['files_made']:.0f}, "
        f"{found['files_deleted']:.0f} files ({found['bytes_deleted'] / 1e6:,.1f} MB) "
        f"and {found['log_entries_deleted']:.0f} log entries deleted, "
        f"{found['pinned_versions']:.0f} pinned versions kept"
    )


def _inputs(run: Run) -> dict[str, str]:
    """The versions of all tables: if nothing has been written since, no upkeep is needed."""
    tables = [run.lake.table(name) for name in table_names() if name != LEDGER]
    return {table.name: str(table.version()) for table in tables if table.exists()}


JOB = Job(
    name="maintain",
    inputs=_inputs,
    work=_work,
    makes_inputs=True,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
