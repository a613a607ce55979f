"""Verify tonight's candidates and publish them."""

import sys

from causalrec.lake.outcome import Outcome
from causalrec.scoring.publish import publish, publish_inputs
from jobs._progress import with_progress
from jobs._runner import Job, JobContext, main


def _work(context: JobContext) -> Outcome:
    return with_progress(
        context,
        "publish",
        lambda settings, lake, ledger, spark, ds: publish(settings, lake, ledger, spark(), ds),
    )


JOB = Job("publish", lambda job: publish_inputs(job.settings, job.lake, job.ledger, job.ds), _work)

if __name__ == "__main__":
    sys.exit(main(JOB))
