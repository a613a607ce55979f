"""Where a task runs: the queue of its Celery worker, the template of its pod.

    CAUSALREC_QUEUES="gpu=accelerated spark=large"
    CAUSALREC_POD_TEMPLATES="gpu=/opt/causalrec/gpu-pod.yaml train=/opt/causalrec/train-pod.yaml"

A name is that of a stage or of a pool; the stage takes precedence. Templates are read by
the Kubernetes executor, not here.
"""

import os
from typing import Any, get_args

from causalrec.pipeline import STAGES, Pool, Stage

QUEUES, POD_TEMPLATES = "CAUSALREC_QUEUES", "CAUSALREC_POD_TEMPLATES"


def placement(stage: Stage) -> dict[str, Any]:
    """Arguments of the operator that runs ``stage``; empty if it is not configured.

    Raises:
        ValueError: a variable names something that is neither a stage nor a pool.
    """
    queue, template = _of(stage, QUEUES), _of(stage, POD_TEMPLATES)
    found: dict[str, Any] = {"queue": queue} if queue else {}
    return found | ({"executor_config": {"pod_template_file": template}} if template else {})


def _of(stage: Stage, variable: str) -> str:
    known = {*STAGES, *get_args(Pool)}
    chosen: dict[str, str] = {}
    for entry in os.environ.get(variable, "").split():
        name, _, value = entry.partition("=")
        if name not in known or not value:
            raise ValueError(f"{variable}: {entry!r} is not NAME=VALUE with the name of a stage or a pool")
        chosen[name] = value
    return chosen.get(stage.name) or chosen.get(stage.pool, "")
