"""Make the challenger champion if the gate lets it pass."""

import sys

from causalrec.registry.promote import promote_version, promote_version_inputs
from jobs._runner import Job, main

JOB = Job(
    name="promote",
    inputs=lambda job: promote_version_inputs(job.settings, job.lake, job.ledger, job.ds),
    work=lambda job: promote_version(job.settings, job.lake, job.ledger, job.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
