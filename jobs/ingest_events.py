"""Load the events that arrived by the run date: ``python -m jobs.ingest_events --ds 2026-03-01``."""

import sys

from causalrec.ingest.events import ingest_events, ingest_events_inputs
from jobs._runner import Job, main

JOB = Job(
    name="ingest_events",
    inputs=lambda job: ingest_events_inputs(job.settings, job.lake, job.ledger, job.ds),
    work=lambda job: ingest_events(job.settings, job.lake, job.ledger, job.spark(), job.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
