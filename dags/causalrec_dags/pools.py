"""What to run on an Airflow that lacks the pools of the DAGs.

Neither a DAG file nor a task can ask Airflow for its pools, so nothing here can stop a run. Airflow never
starts a task whose pool it lacks, and marks the DAG with a warning; what to do, this line says.
"""

from collections.abc import Iterable

from causalrec.pipeline import Stage

DEFAULT = "default_pool"
SLOTS = {"dataset": 1, "gpu": 1, "spark": 2}
"""Pool -> slots, as in infra/airflow/pools.json, which a DAG folder on its own does not have beside it."""


def pools_line(stages: Iterable[Stage]) -> str:
    """One line that names the pools of ``stages`` and creates them; empty if they need none."""
    pools = sorted({stage.pool for stage in stages} - {DEFAULT})
    if not pools:
        return ""
    commands = " && ".join(f"airflow pools set {pool} {SLOTS[pool]} causalrec" for pool in pools)
    named = ", ".join(pools)
    return f"Tasks that are never started lack a pool ({named}); create those that are missing: {commands}"
