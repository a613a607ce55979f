"""Evaluate the challenger against its baselines and the champion."""

import sys

from causalrec.registry.gate.evaluate import evaluate_version, evaluate_version_inputs
from jobs._stage.runner import Job, main

JOB = Job(
    name="evaluate",
    inputs=lambda run: evaluate_version_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=lambda run: evaluate_version(run.settings, run.lake, run.ledger, run.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
