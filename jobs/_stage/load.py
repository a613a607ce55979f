"""The job of a stage by its name."""

import importlib

from causalrec.pipeline import STAGES
from jobs._stage.runner import Job


def load_job(name: str) -> Job:
    """The ``JOB`` of module ``jobs.NAME``.

    Raises:
        TypeError: the stage makes nothing.
    """
    job = importlib.import_module(f"jobs.{STAGES[name].name}").JOB
    if not isinstance(job, Job):
        raise TypeError(f"jobs.{name}.JOB is {type(job).__name__}, expected Job")
    return job
