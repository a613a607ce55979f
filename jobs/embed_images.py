"""Give every picture that has none yet a vector."""

import sys
from collections.abc import Mapping

from causalrec.features.image_embedding import embed_images, embed_images_inputs
from jobs._progress import with_progress
from jobs._runner import Job, JobContext, main


def _inputs(context: JobContext) -> Mapping[str, str]:
    return embed_images_inputs(context.settings, context.lake, context.ledger, context.ds)


JOB = Job("embed_images", _inputs, lambda context: with_progress(context, "images", embed_images))

if __name__ == "__main__":
    sys.exit(main(JOB))
