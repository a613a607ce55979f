"""Make lists from what people did: complements, carts, repeated purchases, trends, audiences."""

import sys

from causalrec.lake.outcome import Outcome
from causalrec.run import Run
from causalrec.scoring.behaviour.stage import behaviour_inputs, behaviour_lists
from jobs._stage.runner import Job, main


def _work(run: Run) -> Outcome:
    with run.progress.tasks("lists", run.spark) as spark:
        return behaviour_lists(run.settings, run.lake, spark, run.ds)


JOB = Job(
    name="behaviour_lists",
    inputs=lambda run: behaviour_inputs(run.settings, run.lake, run.ds),
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
