"""Give every product text that has none yet a vector."""

import sys
from collections.abc import Mapping

from causalrec.features.text_embedding import embed_texts, embed_texts_inputs
from jobs._progress import with_progress
from jobs._runner import Job, JobContext, main


def _inputs(context: JobContext) -> Mapping[str, str]:
    return embed_texts_inputs(context.settings, context.lake, context.ledger, context.ds)


JOB = Job("embed_texts", _inputs, lambda context: with_progress(context, "texts", embed_texts))

if __name__ == "__main__":
    sys.exit(main(JOB))
