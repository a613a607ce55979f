"""Copy the newest published lists to the stores that the shop serves from."""

import os
import sys

from causalrec.lake.outcome import Outcome, Pin
from causalrec.run import Run
from causalrec.scoring.export.night import newest_night
from causalrec.scoring.export.run import configured, export
from jobs._stage.runner import Job, main
from jobs.commands.export import passwords, table_of


def _work(run: Run) -> Outcome:
    """A failing store does not hold up the others; the stage fails once all have been tried."""
    settings = run.settings
    ds = newest_night(run.lake)
    with run.progress.steps(f"export of {ds}") as show:
        done = 0

        def count(_: str, rows: int) -> None:
            nonlocal done
            done += rows
            show(done, done)

        report = export(settings, run.lake, ds, configured(settings), passwords(settings, os.environ), count)
    run.progress.say(table_of(report))
    for error in report.failed.values():
        raise error
    return Outcome(
        rows_in=sum(table.rows for table in report.night.tables),
        rows_out=sum(one.rows for one in report.exported),
        reads=tuple(Pin(table.name, table.snapshot.version) for table in report.night.tables),
        note="" if ds == run.ds else f"{ds} is the newest published night: that one was exported",
    )


JOB = Job(
    name="export",
    inputs=lambda run: {"export": run.settings.export.model_dump_json()},
    work=_work,
    always=True,  # the stores are not ours alone; each reports itself whether it is up to date
)

if __name__ == "__main__":
    sys.exit(main(JOB))
