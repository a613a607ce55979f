"""Verify tonight's candidates and publish them."""

import sys

from causalrec.lake.outcome import Outcome
from causalrec.run import Run
from causalrec.scoring.publish import publish, publish_inputs
from jobs._stage.runner import Job, main


def _work(run: Run) -> Outcome:
    with run.progress.tasks("publish", run.spark) as spark:
        return publish(run.settings, run.lake, run.ledger, spark(), run.ds)


JOB = Job(
    name="publish",
    inputs=lambda run: publish_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
