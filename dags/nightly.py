"""Every night: yesterday's deliveries in, one partition of recommendations out.

The run of logical date D starts when D is over and works on ``ds`` = D. Runs never overlap: each job
replaces the partition of its date, and a partition has one writer. Runs of a backfill started in parallel
wait for their turn in ``land``.

With ``CAUSALREC_DEADLINE_HOURS`` people are notified if the lists of D are not ready that many hours after D.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from causalrec.pipeline import NIGHT

# Airflow may know only a folder above this one, or none at all.
sys.path.append(str(Path(__file__).parent))

from causalrec_dags.commands import ALIKE, stage_task
from causalrec_dags.notify import anybody, tell_late
from causalrec_dags.pools import pools_line

POOLS = pools_line(NIGHT)


def late(context: Mapping[str, Any]) -> None:
    """Called on a worker, which finds this file by its path in the DAG bundle but nothing next to it."""
    tell_late(context)


def deadline() -> DeadlineAlert | None:
    """When a night is late; None without receivers."""
    hours = float(os.environ.get("CAUSALREC_DEADLINE_HOURS") or 0)
    if not hours or not anybody():
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,  # the date begins there, and is over a day later
        interval=timedelta(days=1, hours=hours),
        callback=SyncCallback(late),
    )


with DAG(
    dag_id="nightly",
    description="Raw deliveries to published, deconfounded recommendations",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2018, 1, 1, tzinfo=UTC),  # how far back a backfill may reach
    deadline=deadline(),
    doc_md=f"{__doc__}\n{POOLS}",
    **ALIKE,
) as dag:
    tasks = {
        stage.name: stage_task(stage, in_turn=not stage.after, hint="" if stage.after else POOLS)
        for stage in NIGHT
    }
    for stage in NIGHT:
        for before in stage.after:
            tasks[before] >> tasks[stage.name]
