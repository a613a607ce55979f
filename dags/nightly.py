"""Every night: yesterday's deliveries in, one partition of recommendations out.

The run of logical date D starts when D is over and works on ``ds`` = D. Runs never overlap: each job
replaces the partition of its date, and a partition has one writer.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk import DAG, CronDataIntervalTimetable

from causalrec.pipeline import NIGHT

# Airflow may know only a folder above this one, or none at all.
sys.path.append(str(Path(__file__).parent))

from causalrec_dags.commands import ALIKE, stage_task

with DAG(
    dag_id="nightly",
    description="Raw deliveries to published, deconfounded recommendations",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2018, 1, 1, tzinfo=UTC),  # how far back a backfill may reach
    doc_md=__doc__,
    **ALIKE,
) as dag:
    tasks = {stage.name: stage_task(stage) for stage in NIGHT}
    for stage in NIGHT:
        for before in stage.after:
            tasks[before] >> tasks[stage.name]
