"""The published lists into the stores that the shop serves from, whenever a night has published all three.

The DAG waits for the assets of the three tables, not for a clock: a night that fails exports nothing, and the
stores go on serving the night before. What is exported is the newest published night, so that a backfill of
an old date never takes its place.
"""

import sys
from pathlib import Path

from airflow.sdk import DAG, Asset

from causalrec.pipeline import EXPORT, LISTS

# Airflow may know only a folder above this one, or none at all.
sys.path.append(str(Path(__file__).parent))

from causalrec_dags.commands import ALIKE, LAKE, PUBLISHED, stage_task

recommendations, similar_items, popular_items = (Asset(f"{LAKE}{table}") for table in LISTS)

with DAG(
    dag_id="exports",
    description="Copy the published lists to Parquet, PostgreSQL and Redis",
    schedule=recommendations & similar_items & popular_items,
    doc_md=__doc__,
    **ALIKE,
) as dag:
    stage_task(EXPORT, date=PUBLISHED)
