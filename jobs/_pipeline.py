"""The jobs of every night in the order in which they run, and how to get one by name."""

import importlib

from jobs._runner import Job

EVERY_NIGHT = (
    "land",
    "ingest_events",
    "ingest_products",
    "ingest_images",
    "embed_images",
    "embed_texts",
    "build_dataset",
    "score",
    "publish",
)
"""Jobs whose results make a date complete.

Training, evaluation and promotion are not among them: a night skips them once a champion exists, and a new
champion makes a date stale through the inputs of ``score``.
"""


def load_job(name: str) -> Job:
    """The ``JOB`` of module ``jobs.NAME``."""
    job = importlib.import_module(f"jobs.{name}").JOB
    if not isinstance(job, Job):
        raise TypeError(f"jobs.{name}.JOB is {type(job).__name__}, expected Job")
    return job
