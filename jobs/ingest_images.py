"""Hash and check the pictures that products refer to."""

import sys

from causalrec.ingest.images import ingest_images, ingest_images_inputs
from jobs._stage.runner import Job, main
from jobs._terminal.progress import in_spark

JOB = Job(
    name="ingest_images",
    inputs=lambda run: ingest_images_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=lambda run: in_spark(run, "pictures checked", ingest_images),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
