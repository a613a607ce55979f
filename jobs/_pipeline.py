"""The jobs of a night in the order in which they run, and how to get one by name."""

import importlib

from jobs._runner import Job

NIGHTLY = (
    "land",
    "ingest_events",
    "ingest_products",
    "ingest_images",
    "embed_images",
    "embed_texts",
    "build_dataset",
    "train",
    "evaluate",
    "review",
    "promote",
    "score",
    "publish",
    "item_lists",
    "monitor",
)
"""Every job that leaves a ledger row."""

ONLY_WITHOUT_CHAMPION = frozenset({"train", "evaluate", "review", "promote"})
"""Jobs that a night skips once a champion exists."""

EVERY_NIGHT = tuple(name for name in NIGHTLY if name not in ONLY_WITHOUT_CHAMPION)
"""Jobs whose results make a date complete. A new champion makes it stale through the inputs of ``score``."""


UPSTREAM = {
    "ingest_events": ("land",),
    "ingest_products": ("land",),
    "ingest_images": ("ingest_products",),
    "embed_images": ("ingest_images",),
    "embed_texts": ("ingest_products",),
    "build_dataset": ("ingest_events", "embed_images", "embed_texts"),
    "score": ("build_dataset",),
    "publish": ("score",),
    "item_lists": ("publish",),
    "monitor": ("publish",),
}
"""Per job of every night the jobs that must be done before it; the DAG says the same."""


def load_job(name: str) -> Job:
    """The ``JOB`` of module ``jobs.NAME``."""
    job = importlib.import_module(f"jobs.{name}").JOB
    if not isinstance(job, Job):
        raise TypeError(f"jobs.{name}.JOB is {type(job).__name__}, expected Job")
    return job
