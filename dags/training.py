"""A new challenger every week, on demand, or when something asks for one.

Whatever finds that the champion has aged (a monitor, a person) reports an event of the asset
``causalrec://registry/training_request``; every run works on the last day that is over. The gate in
``promote`` decides whether the challenger may replace the champion; unless a setting says otherwise, a
person is asked then.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable

from dags._approval import approval_tasks
from dags._assets import CHAMPION, TRAINING_REQUEST
from dags._commands import ALIKE, YESTERDAY, job_task

with DAG(
    dag_id="training",
    description="Train, evaluate, ask the gate and then a person, promote",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 6 * * 0", timezone="UTC"),
        assets=TRAINING_REQUEST,
    ),
    doc_md=__doc__,
    **ALIKE,
) as dag:
    need_approval, approval, answer = approval_tasks()
    (
        job_task("build_dataset", minutes=120, pool="spark", date=YESTERDAY)
        >> job_task("train", minutes=720, pool="gpu", date=YESTERDAY)
        >> job_task("evaluate", minutes=120, pool="gpu", date=YESTERDAY)
        >> job_task("review", minutes=60, date=YESTERDAY)
        >> job_task("promote", minutes=10, date=YESTERDAY, outlets=[CHAMPION])
        >> need_approval
        >> approval
        >> answer
    )
