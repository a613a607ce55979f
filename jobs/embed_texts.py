"""Compute vectors for all product texts that do not have one yet."""

import sys

from causalrec.features.text_embedding import embed_texts, embed_texts_inputs
from jobs._stage.runner import Job, main
from jobs._terminal.progress import in_spark

JOB = Job(
    name="embed_texts",
    inputs=lambda run: embed_texts_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=lambda run: in_spark(run, "texts", embed_texts),
)

if __name__ == "__main__":
    sys.exit(main(JOB))
