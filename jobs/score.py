"""Rank the catalogue for every user with the champion."""

import sys

from causalrec.lake.outcome import Outcome
from causalrec.scoring.score import score, score_inputs
from jobs._progress import with_progress
from jobs._runner import Job, JobContext, main


def _work(context: JobContext) -> Outcome:
    return with_progress(
        context, "score", lambda settings, lake, ledger, spark, ds: score(settings, lake, ledger, spark(), ds)
    )


JOB = Job("score", lambda job: score_inputs(job.settings, job.lake, job.ledger, job.ds), _work)

if __name__ == "__main__":
    sys.exit(main(JOB))
