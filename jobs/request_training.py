"""Exit 0 if the night's monitoring requests training, 99 if it does not, 1 on an error.

In Airflow a 0 reports the asset that the training DAG waits for.
"""

import sys

from causalrec.monitoring.monitor import asks_for_training
from jobs._stage.runner import Question, main

JOB = Question(name="request_training", ask=lambda run: asks_for_training(run.lake, run.ds))

if __name__ == "__main__":
    sys.exit(main(JOB))
