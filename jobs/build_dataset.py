"""Interactions, the bundle of arrays and the datasets row of one run date."""

import sys

from causalrec.dataset.build import build_dataset, build_dataset_inputs
from causalrec.dataset.load import lost_bundle
from jobs._stage.runner import Job, main

JOB = Job(
    name="build_dataset",
    inputs=lambda run: build_dataset_inputs(run.settings, run.lake, run.ledger, run.ds),
    gone=lambda run: lost_bundle(run.settings, run.lake, run.ds),
    work=lambda run: build_dataset(run.settings, run.lake, run.ledger, run.spark(), run.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
