"""Compute vectors for all pictures that do not have one yet."""

import sys

from causalrec.features.image_embedding import embed_images, embed_images_inputs
from jobs._stage.runner import Job, main
from jobs._terminal.progress import in_spark

JOB = Job(
    name="embed_images",
    inputs=lambda run: embed_images_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=lambda run: in_spark(run, "images", embed_images),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
