"""What all DAGs share, and their task factory: one Bash task per job, with its pool, time limit and retries.

Only the command line is configurable, so that the same DAG runs jobs on this machine, through
``spark-submit`` or in a container::

    CAUSALREC_JOB_COMMAND="spark-submit --master spark://spark:7077 {root}/jobs/{job}.py --ds {ds}"
"""

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
from airflow.sdk.exceptions import AirflowFailException

from causalrec.pipeline import ASSETS, Stage

_ABOVE = Path(__file__).resolve().parents[2]
CHECKOUT = _ABOVE if (_ABOVE / "jobs" / "_runner.py").is_file() else None
"""The checkout that the DAG folder lies in; None where the folder stands alone and causalrec is installed."""
ROOT = CHECKOUT or Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
"""Where jobs run: relative paths in settings begin here."""
DEFAULT_COMMAND = f"exec {{python}} -m {'' if CHECKOUT else 'causalrec.'}jobs.{{job}} --ds {{ds}}"
NOTHING_TO_DO = 99
"""Exit status with which a job skips the tasks after it."""
REFUSED = frozenset({2, 78})
"""Exit statuses that another try cannot change: a wrong command line, a bad delivery or setting."""

# A run by hand or by an asset has no logical date; what it can work on is the last day that is over.
LAST_DAY = "macros.ds_add(dag_run.run_after | ds, -1)"
LOGICAL_DATE = f"{{{{ params.ds or (ds if ds is defined else {LAST_DAY}) }}}}"
YESTERDAY = f"{{{{ params.ds or {LAST_DAY} }}}}"
RUN_DATE_PARAM = Param(
    None,
    type=["null", "string"],
    format="date",  # a calendar in the form; dates that do not exist are refused
    pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    description="Run date YYYY-MM-DD; empty: the day that the schedule says",
)

ALIKE: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1,
    "params": {"ds": RUN_DATE_PARAM},
    "tags": ["causalrec"],
}
"""What every DAG says of itself: one run at a time, none for the past, the run date as a parameter.

Without a start date, a weekly DAG that is unpaused waits for its next day; with one it would run at once.
"""


def job_command(job: str, date: str = LOGICAL_DATE) -> str:
    """Command line of ``job``; the run date is left to Airflow's template engine."""
    template = os.environ.get("CAUSALREC_JOB_COMMAND", DEFAULT_COMMAND)
    return template.format(python=shlex.quote(sys.executable), job=job, ds=date, root=shlex.quote(str(ROOT)))


class JobHook(SubprocessHook):  # type: ignore[misc]  # Airflow has no types here
    """Runs a job; a refusal fails the task without another try, and the message says why."""

    def run_command(self, *given: Any, **named: Any) -> SubprocessResult:  # noqa: ANN401 - of the hook above
        """Exit status and last line of the job.

        Raises:
            AirflowFailException: the job refuses what it was given.
        """
        result = super().run_command(*given, **named)
        if result.exit_code in REFUSED:
            raise AirflowFailException(f"not tried again: {result.output}")
        return result


class JobOperator(BashOperator):  # type: ignore[misc]  # Airflow has no types here
    """A Bash task that tells refusals from failures."""

    @cached_property
    def subprocess_hook(self) -> JobHook:
        """Runs the command."""
        return JobHook()


def stage_task(
    stage: Stage,
    *,
    date: str = LOGICAL_DATE,
    last_line: Callable[[str], object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> BashOperator:
    """The task that runs ``python -m jobs.STAGE`` in :data:`ROOT`.

    Args:
        last_line: reads the last line that it prints, for later tasks. environment: further variables.
    """
    tables = [Asset(f"causalrec://lake/{table}") for table in stage.writes if table in ASSETS]
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
    )
