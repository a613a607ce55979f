"""Write what is similar to each item and what is popular, for pages without a known user."""

import sys

from causalrec.scoring.item_lists import item_lists
from causalrec.scoring.score import score_inputs
from causalrec.scoring.vectors import vectors_input
from jobs._stage.runner import Job, main

JOB = Job(
    name="item_lists",
    inputs=lambda run: score_inputs(run.settings, run.lake, run.ledger, run.ds) | vectors_input(run.settings),
    work=lambda run: item_lists(run.settings, run.lake, run.ledger, run.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
