"""Hash and check the pictures that products refer to."""

import sys
from collections.abc import Mapping

from causalrec.ingest.images import ingest_images, ingest_images_inputs
from jobs._progress import with_progress
from jobs._runner import Job, JobContext, main


def _inputs(context: JobContext) -> Mapping[str, str]:
    return ingest_images_inputs(context.settings, context.lake, context.ledger, context.ds)


JOB = Job("ingest_images", _inputs, lambda context: with_progress(context, "pictures checked", ingest_images))

if __name__ == "__main__":
    sys.exit(main(JOB))
