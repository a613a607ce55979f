"""Load the events that arrived by the run date: ``python -m jobs.ingest_events --ds 2026-03-01``."""

import sys

from causalrec.ingest.events import ingest_events, ingest_events_inputs
from jobs._stage.runner import Job, main

JOB = Job(
    name="ingest_events",
    inputs=lambda run: ingest_events_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=lambda run: ingest_events(run.settings, run.lake, run.ledger, run.spark(), run.ds),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
