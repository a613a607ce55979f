"""Load the products that arrived by the run date: ``python -m jobs.ingest_products --ds 2026-03-01``."""

import sys

from causalrec.ingest.products import ingest_products, ingest_products_inputs
from jobs._stage.runner import Job, main

JOB = Job(
    name="ingest_products",
    inputs=lambda run: ingest_products_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=lambda run: ingest_products(run.settings, run.lake, run.ledger, run.spark(), run.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
