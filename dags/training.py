"""A new challenger every week, on demand, or when something asks for one.

Whoever finds that the champion has aged (the monitor, a person) reports an event of the asset
``causalrec://registry/training_request``; every run works on the last completed day. The gate in
``promote`` decides whether the challenger may replace the champion; unless a setting says otherwise, a person
is asked as well. A run waits while the night of the same date is running.
"""

import sys
from pathlib import Path

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable
from airflow.sdk.bases.operator import chain

from causalrec.pipeline import STAGES, TRAINING, TRAINING_REQUEST

# Airflow may know only a folder above this one, or none at all.
sys.path.append(str(Path(__file__).parent))

from causalrec_dags.approval import approval_tasks
from causalrec_dags.commands import ALIKE, YESTERDAY, stage_task
from causalrec_dags.pools import pools_line

with DAG(
    dag_id="training",
    description="Train, evaluate, ask the gate and then a person, promote",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 6 * * 0", timezone="UTC"),
        assets=Asset(TRAINING_REQUEST),
    ),
    doc_md=f"{__doc__}\n{pools_line(STAGES[name] for name in TRAINING)}",
    **ALIKE,
) as dag:
    first, *others = TRAINING
    chain(
        stage_task(STAGES[first], date=YESTERDAY, after_night=True),
        *(stage_task(STAGES[name], date=YESTERDAY) for name in others),
        *approval_tasks(),
    )
