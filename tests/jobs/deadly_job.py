"""Runs a job that dies by kill -9 around the commit of one table; the Spark session is that of the caller.

``python tests/jobs/deadly_job.py JOB TABLE before|after DS SETTINGS``; PYSPARK_GATEWAY_* name the session.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import TypeAlias

from causalrec.lake import write
from causalrec.lake.snapshot import Snapshot
from jobs._stage.load import load_job
from jobs._stage.runner import main
from tests.jobs.joined_job import join

Commit: TypeAlias = Callable[..., Snapshot]
job, table, moment, ds, settings = sys.argv[1:]


def deadly(real: Commit) -> Commit:
    """The real commit, but of the one table it is the last thing that this process does, or not even that."""

    def commit(seen: Snapshot, *arguments: object) -> Snapshot:
        if seen.name != table:
            return real(seen, *arguments)
        if moment == "after":
            real(seen, *arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody outlives kill -9")

    return commit


join()  # a JVM of its own would cost ten seconds for each death
for name in ("commit_replacement", "commit_append"):
    setattr(write, name, deadly(getattr(write, name)))
main(load_job(job), ["--ds", ds, "--settings", settings])
