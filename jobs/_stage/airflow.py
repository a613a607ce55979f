"""How a stage and its Airflow task communicate: environment variables in, the last line out."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

from causalrec.lake.outcome import NEWS
from causalrec.lake.record.ledger import LedgerRow
from causalrec.lake.record.lineage_facets import Parent

PARENT = "OPENLINEAGE_PARENT_ID"
"""``namespace/job/run id``, as passed on by OpenLineage's own integrations."""
NAMESPACE = "OPENLINEAGE_NAMESPACE"
DAG, RUN, TASK = "AIRFLOW_CTX_DAG_ID", "AIRFLOW_CTX_DAG_RUN_ID", "AIRFLOW_CTX_TASK_ID"


def parent_of(environ: Mapping[str, str]) -> Parent | None:
    """The parent run of this process; None if it was started by hand.

    Without OpenLineage's provider in Airflow the parent is the DAG run, under an id derived from its name:
    all stages of a night have the same parent, and so do two attempts of one stage.
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
    """Whether an Airflow task started this process."""
    return TASK in environ


def outcome_line(ds: dt.date, rows: Sequence[LedgerRow]) -> str:
    """What a task adds to its asset events: the run date, version and rows of every written table, news."""
    tables: dict[str, dict[str, int]] = {}
    for written in (written for row in rows for written in row.writes):
        told = tables.setdefault(written["table"], {"version": 0, "rows": 0})
        told["version"] = max(told["version"], written["version"])
        told["rows"] += written["rows"]
    facts: dict[str, object] = {"ds": ds.isoformat(), "tables": tables}
    if news := "\n".join(row.note for row in rows if row.counters.get(NEWS)):
        facts["news"] = news
    return json.dumps(facts, sort_keys=True)
