"""Evaluate the challenger against its baselines and the champion."""

import sys

from causalrec.registry.gate.evaluate import evaluate_version, evaluate_version_inputs
from jobs._runner import Job, main

JOB = Job(
    name="evaluate",
    inputs=lambda job: evaluate_version_inputs(job.settings, job.lake, job.ledger, job.ds),
    work=lambda job: evaluate_version(job.settings, job.lake, job.ledger, job.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
