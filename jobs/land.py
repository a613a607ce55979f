"""Fill the landing zone from the configured source: the demo shop, the H&M layout, or nothing to do."""

import sys
from collections.abc import Mapping

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from causalrec.lake.outcome import Outcome
from causalrec.sources.land import land, land_inputs
from jobs._runner import Job, JobContext, main


def _inputs(context: JobContext) -> Mapping[str, str]:
    return land_inputs(context.settings, context.ds)


def _work(context: JobContext) -> Outcome:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=context.console, transient=True) as bar:
        task = bar.add_task(f"landing ({context.settings.source.kind})", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return land(context.settings, context.ds, show, context.spark)


JOB = Job("land", _inputs, _work, makes_inputs=True)

if __name__ == "__main__":
    sys.exit(main(JOB))
