"""Rank the catalogue for every user with the champion."""

import sys

from causalrec.lake.outcome import Outcome
from causalrec.run import Run
from causalrec.scoring.score import score, score_inputs
from jobs._stage.runner import Job, main


def _work(run: Run) -> Outcome:
    with run.progress.tasks("score", run.spark) as spark:
        return score(run.settings, run.lake, run.ledger, spark(), run.ds)


JOB = Job(
    name="score",
    inputs=lambda run: score_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
