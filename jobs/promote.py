"""Make the challenger champion if it passes the gate."""

import sys

from causalrec.registry.promotion.promote import promote_version, promote_version_inputs
from jobs._stage.runner import Job, main

JOB = Job(
    name="promote",
    inputs=lambda run: promote_version_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=lambda run: promote_version(run.settings, run.lake, run.ledger, run.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
