"""Retention, compaction and vacuum of all tables, every Sunday before the training.

Versions that live models are pinned to stay readable, and a table that is being written at the time is
skipped until the next run.
"""

import sys
from pathlib import Path

from airflow.sdk import DAG, CronTriggerTimetable

from causalrec.pipeline import UPKEEP

# Airflow may know only a folder above this one, or none at all.
sys.path.append(str(Path(__file__).parent))

from causalrec_dags.commands import ALIKE, YESTERDAY, stage_task

with DAG(
    dag_id="maintenance",
    description="Keep the tables in shape",
    schedule=CronTriggerTimetable("0 4 * * 0", timezone="UTC"),
    doc_md=__doc__,
    **ALIKE,
) as dag:
    stage_task(UPKEEP, date=YESTERDAY)
