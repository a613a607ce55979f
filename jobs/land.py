"""Fill the landing zone from the configured source: the demo shop, the H&M layout, or nothing to do."""

import sys

from causalrec.lake.outcome import Outcome
from causalrec.run import Run
from causalrec.sources.land import land, land_inputs
from jobs._runner import Job, main


def _work(run: Run) -> Outcome:
    with run.progress.steps(f"landing ({run.settings.source.kind})") as show:
        return land(run.settings, run.ds, show, run.spark)


JOB = Job(
    name="land",
    inputs=lambda run: land_inputs(run.settings, run.ds),
    work=_work,
    makes_inputs=True,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
