"""Whether a task must wait for another run: two runs never work on one partition at a time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowRescheduleException

TURN = timedelta(seconds=30)
"""Time between two checks whether it is a run's turn."""
NIGHTLY = "nightly"


def wait_for_earlier_nights(context: Mapping[str, Any]) -> None:
    """Backfills started in parallel run one date after another, as each builds on the ones before.

    Raises:
        AirflowRescheduleException: a run of an earlier date is running.
    """
    if context["ti"].get_previous_dagrun(state="running") is not None:
        _come_back()


def wait_for_night_of(context: Mapping[str, Any], ds: str) -> None:
    """A training works on the date of a night, and builds the same dataset.

    Raises:
        AirflowRescheduleException: the night of ``ds`` is running.
    """
    midnight = datetime.combine(date.fromisoformat(ds), time.min, UTC)
    if context["ti"].get_dr_count(NIGHTLY, logical_dates=[midnight], states=["running"]):
        _come_back()


def _come_back() -> None:
    raise AirflowRescheduleException(datetime.now(UTC) + TURN)
