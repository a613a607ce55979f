"""Interactions, the bundle of arrays and the datasets row of one run date."""

import sys

from causalrec.dataset.build import build_dataset, build_dataset_inputs
from jobs._runner import Job, main

JOB = Job(
    name="build_dataset",
    inputs=lambda c: build_dataset_inputs(c.settings, c.lake, c.ledger, c.ds),
    work=lambda c: build_dataset(c.settings, c.lake, c.ledger, c.spark(), c.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
