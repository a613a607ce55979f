"""Exports the published lists to the shop's stores, whenever a night has published all three.

The DAG waits for the assets of the three tables, not for a clock: a failed night exports nothing, and the
stores continue to serve the previous night. The newest published night is exported, so that a backfill of an
old date never replaces it.
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
    description="Copy the published lists to Parquet, PostgreSQL, Redis and Qdrant",
    schedule=recommendations & similar_items & popular_items,
    doc_md=__doc__,
    **ALIKE,
) as dag:
    stage_task(EXPORT, date=PUBLISHED)
