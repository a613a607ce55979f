"""Retention, compaction and vacuum of all tables, every Sunday before the training.

What live models are pinned to stays readable, and a table that is being written at that moment is left for
the next time.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable

from dags._commands import RUN_DATE_PARAM, YESTERDAY, job_task

with DAG(
    dag_id="maintenance",
    description="Keep the tables in shape",
    schedule=CronTriggerTimetable("0 4 * * 0", timezone="UTC"),
    start_date=datetime(2018, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={"ds": RUN_DATE_PARAM},
    tags=["causalrec"],
    doc_md=__doc__,
) as dag:
    job_task("maintain", minutes=240, date=YESTERDAY)
