"""Fill the landing zone from the configured source: the demo shop, the H&M layout, or nothing to do."""

import sys
from dataclasses import replace

from causalrec.errors import SourceError
from causalrec.ingest.check import check_landing
from causalrec.lake.outcome import Outcome
from causalrec.run import Run
from causalrec.sources.land import land, land_inputs
from jobs._stage.runner import Job, main
from jobs.commands.check import PAGE, page_of


def _work(run: Run) -> Outcome:
    seen = land_inputs(run.settings, run.ds)
    with run.progress.steps(f"landing ({run.settings.source.kind})") as show:
        done = land(run.settings, run.ds, show, run.spark)
    if run.settings.source.kind != "native":
        return done
    note = "\n".join(line for line in (done.note, *_look(run)) if line)
    return replace(done, inputs=seen, note=note)  # what is delivered during the check is checked next time


def _look(run: Run) -> list[str]:
    """Report within seconds, without Spark, what later stages would refuse; returns the warnings.

    Raises:
        SourceError: a file of the date's delivery cannot be read as it is.
    """
    found = check_landing(run.settings, run.ds)
    run.settings.report_store.write(PAGE, page_of(found, run.settings).encode())
    blocking = [line for one in found if one.date == run.ds for line in one.blocking]
    if blocking:
        what, _, cure = blocking[0].partition(" -> ")
        more = f" (and {len(blocking) - 1} more)" if len(blocking) > 1 else ""
        raise SourceError(f"{what}{more}", do=cure or "run causalrec check, which says what to set")
    return [f"{one.kind}: {line}" for one in found if one.date == run.ds for line in one.warnings]


JOB = Job(
    name="land",
    inputs=lambda run: land_inputs(run.settings, run.ds),
    work=_work,
    makes_inputs=True,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
