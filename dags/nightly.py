"""Every night: yesterday's deliveries in, one partition of recommendations out.

The run of logical date D starts when D is over and works on ``ds`` = D. Runs never overlap: each job
replaces the partition of its date, and a partition has one writer.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk import DAG, CronDataIntervalTimetable

# Airflow may know only a folder above this one, or none at all.
sys.path.append(str(Path(__file__).parent))

from causalrec_dags.assets import CHAMPION, DATASET, EVENTS, PRODUCTS, RECOMMENDATIONS, TRAINING_REQUEST
from causalrec_dags.commands import ALIKE, job_task

with DAG(
    dag_id="nightly",
    description="Raw deliveries to published, deconfounded recommendations",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2018, 1, 1, tzinfo=UTC),  # how far back a backfill may reach
    doc_md=__doc__,
    **ALIKE,
) as dag:
    land = job_task("land", minutes=120)
    ingest_events = job_task("ingest_events", minutes=120, pool="spark", outlets=[EVENTS])
    ingest_products = job_task("ingest_products", minutes=60, pool="spark", outlets=[PRODUCTS])
    ingest_images = job_task("ingest_images", minutes=120, pool="spark")
    embed_images = job_task("embed_images", minutes=240, pool="spark")
    embed_texts = job_task("embed_texts", minutes=120, pool="spark")
    features = job_task("features", minutes=30)
    build_dataset = job_task("build_dataset", minutes=120, pool="spark", outlets=[DATASET])

    # The first night has no champion: it trains one. Later nights skip these four.
    need_champion = job_task("need_champion", minutes=10)
    train = job_task("train", minutes=720, pool="gpu")
    evaluate = job_task("evaluate", minutes=120, pool="gpu")
    review = job_task("review", minutes=60)
    promote = job_task("promote", minutes=10, outlets=[CHAMPION])

    score = job_task("score", minutes=240, pool="spark", trigger_rule="none_failed")
    publish = job_task("publish", minutes=30, outlets=[RECOMMENDATIONS])
    item_lists = job_task("item_lists", minutes=60)
    report = job_task("report", minutes=30)
    monitor = job_task("monitor", minutes=60)
    request_training = job_task("request_training", minutes=10, outlets=[TRAINING_REQUEST])

    land >> [ingest_events, ingest_products]
    ingest_products >> ingest_images >> embed_images
    ingest_products >> embed_texts
    [embed_images, embed_texts] >> features  # a page to look at; nothing waits for it
    [ingest_events, embed_images, embed_texts] >> build_dataset
    build_dataset >> need_champion >> train >> evaluate >> promote >> score
    evaluate >> review  # the page of the version beside its run in MLflow
    score >> publish >> item_lists >> report
    publish >> monitor >> request_training  # skipped, and so no request, where nothing failed
