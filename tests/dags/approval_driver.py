"""Runs the approval in a process of its own: Airflow's database, its tasks, the handler of its answers.

    python -m tests.dags.approval_driver SCENARIO...

One line of JSON per scenario: the state of each task, what the question said, and what came of it.
"""

import contextlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
from airflow.dag_processing.dagbag import DagBag
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.asset import AssetEvent
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from causalrec.config import load_settings


def approve(task: TaskInstance) -> None:
    """Another version passes the gate while the question is open; then Eva says yes to the first."""
    from causalrec.registry.store import connect  # with MLflow, which only this scenario needs

    settings = load_settings(Path(os.environ["CAUSALREC_SETTINGS"]), os.environ)
    connect(settings).set_registered_model_alias(settings.registry.model_name, "challenger", "2")
    _answer(task, "Approve", "eva", "")


def reject(task: TaskInstance) -> None:
    """Otto says no, in words that a shell would like to run."""
    _answer(task, "Reject", "otto", "$(touch /tmp/never); 'too \"few\"' new items")


def nobody(task: TaskInstance) -> None:
    """What the scheduler does every few seconds: time is up."""
    while _waiting(task.dag_id) is not None:
        SchedulerJobRunner(job=Job()).check_awaiting_input_timeouts()
        time.sleep(0.1)


SCENARIOS: dict[str, tuple[str, Callable[[TaskInstance], None]]] = {
    "approve": ("approval_with_time", approve),
    "reject": ("approval_with_time", reject),
    "nobody": ("approval_without_time", nobody),
    "nothing": ("approval_with_time", lambda task: None),
}


def _answer(task: TaskInstance, option: str, who: str, reason: str) -> None:
    payload = UpdateHITLDetailPayload(chosen_options=[option], params_input={"reason": reason})
    user = SimpleAuthManagerUser(username=who, role="admin")
    with create_session() as session:
        update_hitl_detail(task.dag_id, task.run_id, task.task_id, payload, user, session)


def _waiting(dag: str) -> TaskInstance | None:
    asked = (
        select(TaskInstance)
        .where(TaskInstance.dag_id == dag, TaskInstance.state == TaskInstanceState.AWAITING_INPUT)
        .options(joinedload(TaskInstance.hitl_detail))
    )
    with create_session() as session:
        found: TaskInstance | None = session.scalars(asked).first()
        if found is not None:
            session.expunge_all()
        return found


def play(scenario: str, bag: DagBag) -> dict[str, Any]:
    """One run of the DAG while somebody, or nobody, answers."""
    dag_id, act = SCENARIOS[scenario]
    seen: dict[str, Any] = {}

    def person() -> None:
        while not seen.get("over"):
            task = _waiting(dag_id)
            if task is not None:
                seen.update(asked=task.state, body=task.hitl_detail.body)
                try:
                    act(task)
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)  # the run would wait for ever
                return
            time.sleep(0.2)

    answering = threading.Thread(target=person)
    answering.start()
    run = bag.dags[dag_id].test()
    seen["over"] = True
    answering.join()
    states = {task.task_id: task.state for task in run.get_task_instances()}
    told = {"scenario": scenario, "run": run.state, "states": states, "events": _events(run.run_id)}
    return told | seen


def _events(run: str) -> dict[str, Any]:
    """What the asset events of a run say, by the asset."""
    with create_session() as session:
        asked = (
            select(AssetEvent).where(AssetEvent.source_run_id == run).options(joinedload(AssetEvent.asset))
        )
        return {event.asset.uri: event.extra for event in session.scalars(asked)}


def main(scenarios: list[str]) -> None:
    """Plays them in order; what tasks print goes to stderr."""
    found = []
    with contextlib.redirect_stdout(sys.stderr):
        bag = DagBag()
        if bag.import_errors:
            raise RuntimeError(bag.import_errors)
        found = [play(scenario, bag) for scenario in scenarios]
    for line in found:
        sys.stdout.write("RESULT " + json.dumps(line) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
