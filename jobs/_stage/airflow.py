"""What a stage and the Airflow task around it tell each other: by variables in, by the last line out."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

from causalrec.lake.outcome import NEWS
from causalrec.lake.record.ledger import LedgerRow
from causalrec.lake.record.lineage_facets import Parent

PARENT = "OPENLINEAGE_PARENT_ID"
"""``namespace/job/run id``, as OpenLineage's own integrations hand it down."""
NAMESPACE = "OPENLINEAGE_NAMESPACE"
DAG, RUN, TASK = "AIRFLOW_CTX_DAG_ID", "AIRFLOW_CTX_DAG_RUN_ID", "AIRFLOW_CTX_TASK_ID"


def parent_of(environ: Mapping[str, str]) -> Parent | None:
    """The run that this process is part of; None for one that was started by hand.

    Without OpenLineage's provider in Airflow the parent is the DAG run, under an id made from its name: all
    stages of a night have the same parent, and so have two attempts of one stage.
    """
    namespace, _, rest = environ.get(PARENT, "").partition("/")
    job, _, run_id = rest.rpartition("/")
    if namespace and job and run_id:
        return Parent(namespace, job, run_id)
    dag, run = environ.get(DAG, ""), environ.get(RUN, "")
    if not dag or not run:
        return None
    namespace = environ.get(NAMESPACE, "default")
    return Parent(namespace, dag, str(uuid5(NAMESPACE_URL, f"airflow:{namespace}/{dag}/{run}")))


def in_airflow(environ: Mapping[str, str]) -> bool:
    """Whether a task of Airflow started this process."""
    return TASK in environ


def outcome_line(ds: dt.date, rows: Sequence[LedgerRow]) -> str:
    """What a task adds to its asset events: the run date, and per written table its version and rows; and
    the news that somebody should be told of."""
    tables: dict[str, dict[str, int]] = {}
    for written in (written for row in rows for written in row.writes):
        told = tables.setdefault(written["table"], {"version": 0, "rows": 0})
        told["version"] = max(told["version"], written["version"])
        told["rows"] += written["rows"]
    facts: dict[str, object] = {"ds": ds.isoformat(), "tables": tables}
    if news := "\n".join(row.note for row in rows if row.counters.get(NEWS)):
        facts["news"] = news
    return json.dumps(facts, sort_keys=True)
