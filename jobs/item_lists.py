"""Write what is similar to each item and what is popular, for pages without a known user."""

import sys

from causalrec.scoring.item_lists import item_lists
from causalrec.scoring.score import score_inputs
from jobs._runner import Job, main

JOB = Job(
    name="item_lists",
    inputs=lambda job: score_inputs(job.settings, job.lake, job.ledger, job.ds),
    work=lambda job: item_lists(job.settings, job.lake, job.ledger, job.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
