"""Shared by all DAGs: the task factory, with one Bash task per job, its pool, time limit and retries.

Only the command line is configurable, so that the same DAG runs jobs on this machine, through
``spark-submit`` or in a container::

    CAUSALREC_JOB_COMMAND="spark-submit --master spark://spark:7077 {root}/jobs/{job}.py --ds {ds}"
"""

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook, SubprocessResult
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset, Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from causalrec.pipeline import ASSETS, TRAINING_REQUEST, Stage
from causalrec_dags.notify import Notice, notices
from causalrec_dags.placement import placement
from causalrec_dags.turns import wait_for_earlier_nights, wait_for_night_of

_ABOVE = Path(__file__).resolve().parents[2]
CHECKOUT = _ABOVE if (_ABOVE / "jobs" / "cli.py").is_file() else None
"""The checkout that contains the DAG folder; None if the folder is on its own and causalrec is installed."""
ROOT = CHECKOUT or Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
"""Working directory of the jobs: relative paths in settings start here."""
DEFAULT_COMMAND = f"exec {{python}} -m {'' if CHECKOUT else 'causalrec.'}jobs.{{job}} --ds {{ds}}"
NOTHING_TO_DO = 99
"""Exit status by which a job skips the tasks after it."""
LAKE = "causalrec://lake/"
VERDICTS = "experiments"
"""Table of an experiment that people may wait for."""
REFUSED = frozenset({2, 78})
"""Exit statuses that a retry cannot change: a wrong command line, a bad delivery or setting."""

# A run started by hand or by an asset has no logical date; it works on the last completed day.
LAST_DAY = "macros.ds_add(dag_run.run_after | ds, -1)"
LOGICAL_DATE = f"{{{{ params.ds or (ds if ds is defined else {LAST_DAY}) }}}}"
YESTERDAY = f"{{{{ params.ds or {LAST_DAY} }}}}"
_EVENT_DATES = (
    "triggering_asset_events.values() | sum(start=[]) | map(attribute='extra')"
    " | selectattr('ds', 'defined') | map(attribute='ds')"
)
PUBLISHED = (
    f"{{{{ macros.ds_format(params.ds or {_EVENT_DATES} | max | default({LAST_DAY}, true),"
    " '%Y-%m-%d', '%Y-%m-%d') }}"
)
"""The newest run date in the asset events that started a run.

Anyone who may report an event may write anything into it, and it becomes part of a command, so anything but a
date fails the task.
"""
RUN_DATE_PARAM = Param(
    None,
    type=["null", "string"],
    format="date",  # a calendar in the form; invalid dates are refused
    pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    description="Run date YYYY-MM-DD; empty: the day that the schedule says",
)

ALIKE: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1,
    "params": {"ds": RUN_DATE_PARAM},
    "tags": ["causalrec"],
}
"""Arguments of every DAG: one run at a time, no catch-up, the run date as a parameter.

Without a start date, a weekly DAG waits for its next day when unpaused; with one it would run at once.
"""


def job_command(job: str, date: str = LOGICAL_DATE) -> str:
    """Command line of ``job``; the run date is left to Airflow's template engine."""
    template = os.environ.get("CAUSALREC_JOB_COMMAND", DEFAULT_COMMAND)
    return template.format(python=shlex.quote(sys.executable), job=job, ds=date, root=shlex.quote(str(ROOT)))


class JobHook(SubprocessHook):  # type: ignore[misc]  # Airflow has no types here
    """Runs a job and keeps its last line, which says why it failed or what it did."""

    last_line = ""

    def run_command(self, *given: Any, **named: Any) -> SubprocessResult:  # noqa: ANN401 - of the hook above
        """Exit status and last line of the job.

        Raises:
            AirflowFailException: the job refuses its input; a retry would change nothing.
            AirflowException: it failed.
        """
        result = super().run_command(*given, **named)
        self.last_line = result.output
        if result.exit_code in REFUSED:
            raise AirflowFailException(f"not tried again: {result.output}")
        if result.exit_code not in (0, NOTHING_TO_DO):
            raise AirflowException(f"exit status {result.exit_code}: {result.output}")
        return result


class JobOperator(BashOperator):  # type: ignore[misc]  # Airflow has no types here
    """A Bash task that tells refusals from failures, and reports in its asset events what was written.

    Args:
        in_turn: wait, without occupying a worker, while a run of an earlier date is running.
        night: a date; wait in the same way while ``nightly`` is running for it.
        hint: a line for the log of a run's first task.
    """

    template_fields = (*BashOperator.template_fields, "night")

    def __init__(
        self,
        *,
        in_turn: bool = False,
        night: str = "",
        hint: str = "",
        **named: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**named)
        self.hint = hint
        self.in_turn = in_turn
        self.night = night

    @cached_property
    def subprocess_hook(self) -> JobHook:
        """Runs the command."""
        return JobHook()

    @property
    def said(self) -> str:
        """The last line that the job printed."""
        return self.subprocess_hook.last_line

    def execute(self, context: Mapping[str, Any]) -> object:
        """Runs the job.

        Raises:
            AirflowRescheduleException: it is not this run's turn.
        """
        if self.in_turn:
            wait_for_earlier_nights(context)
        if self.night:
            wait_for_night_of(context, self.night)
        if self.hint:
            self.log.info(self.hint)
        result = super().execute(context)
        for asset in self.outlets:
            context["outlet_events"][asset].extra.update(event_facts(self.said, asset.uri))
        return result


def event_facts(line: str, uri: str) -> dict[str, Any]:
    """Content of an asset event besides its time, from the last ``line`` of a job: run date, version, rows.

    Empty for any other line, for example from a wrapper that prints one more.
    """
    try:
        told = json.loads(line)
        return {"ds": told["ds"], **told["tables"].get(uri.removeprefix(LAKE), {})}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def stage_task(
    stage: Stage,
    *,
    date: str = LOGICAL_DATE,
    last_line: Callable[[str], object] | None = None,
    environment: Mapping[str, str] | None = None,
    in_turn: bool = False,
    after_night: bool = False,
    hint: str = "",
) -> BashOperator:
    """The task that runs ``python -m jobs.STAGE`` in :data:`ROOT`.

    Args:
        last_line: reads the last line that it prints, for later tasks. environment: further variables.
        in_turn, hint: as in :class:`JobOperator`. after_night: wait for the night of the same date.
    """
    tables = [Asset(f"{LAKE}{table}") for table in stage.writes if table in ASSETS]
    return JobOperator(
        task_id=stage.name,
        bash_command=job_command(stage.name, date),
        cwd=str(ROOT),
        skip_on_exit_code=NOTHING_TO_DO,
        pool=stage.pool,
        outlets=[*tables, *map(Asset, stage.outlets)],
        trigger_rule="none_failed" if stage.may_follow_skipped else "all_success",
        execution_timeout=timedelta(minutes=stage.minutes),
        retries=int(os.environ.get("CAUSALREC_TASK_RETRIES", "2")),
        retry_delay=timedelta(seconds=int(os.environ.get("CAUSALREC_RETRY_SECONDS", "60"))),
        do_xcom_push=last_line is not None,
        output_processor=last_line or str,
        env=None if environment is None else dict(environment),
        append_env=True,
        in_turn=in_turn,
        night=date if after_night else "",
        hint=hint,
        on_failure_callback=notices("failed"),
        on_success_callback=_good_news(stage),
        **placement(stage),
    )


def _good_news(stage: Stage) -> list[Notice]:
    """Whom to call when the stage succeeded."""
    if TRAINING_REQUEST in stage.outlets:
        return notices("training requested")
    return notices("experiment decided") if VERDICTS in stage.writes else []
