"""Judge the arms of the experiment that the settings name by what their users did."""

import sys

from causalrec.experiment.stage import experiment_inputs, judge_experiment
from causalrec.lake.outcome import Outcome
from causalrec.run import Run
from jobs._stage.runner import Job, main


def _work(run: Run) -> Outcome:
    with run.progress.tasks("experiment", run.spark) as spark:
        return judge_experiment(run.settings, run.lake, spark, run.ds)


JOB = Job(
    name="experiment",
    inputs=lambda run: experiment_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
