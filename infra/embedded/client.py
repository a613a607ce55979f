"""The few calls of Airflow's REST API that are needed, on loopback only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from infra.embedded.rest import RestClient

PAGE = 100
NOTE_CHARS = 1_000  # Airflow's limit
ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class DagRun:
    """One run: its id, date and state."""

    run_id: str
    ds: date
    state: str


@dataclass(frozen=True)
class TaskRun:
    """One task of a run; ``seconds`` is None until it has ended."""

    task: str
    state: str
    seconds: float | None
    tries: int


class AirflowClient:
    """Talks to the API server on ``port`` as the generated user."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._rest = RestClient(port, user, password)

    def healthy(self, *components: str) -> bool:
        """Whether the server responds and all ``components`` (scheduler, dag_processor, …) are alive."""
        try:
            status, body = self._rest.send("GET", "/api/v2/monitor/health")
        except httpx.TransportError:  # it is not listening yet
            return False
        return status == 200 and all(
            (body.get(name) or {}).get("status") == "healthy" for name in ("metadatabase", *components)
        )

    def parsed_at(self, dag: str) -> datetime | None:
        """When ``dag`` was last parsed; None if Airflow does not know it yet."""
        status, body = self._rest.call("GET", f"/api/v2/dags/{dag}", missing_is_fine=True)
        stamp = body.get("last_parsed_time") if status == 200 else None
        return datetime.fromisoformat(stamp) if stamp else None

    def import_errors(self) -> list[str]:
        """The last line of the error of each DAG file that cannot be imported."""
        _, body = self._rest.call("GET", "/api/v2/importErrors")
        return [
            f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}"
            for error in body["import_errors"]
        ]

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Creates the pool; an existing one keeps the size that the user gave it."""
        self._rest.call(
            "POST",
            "/api/v2/pools",
            {"name": name, "slots": slots, "description": description, "include_deferred": False},
            accept=(201, 409),
        )

    def is_paused(self, dag: str) -> bool:
        """Whether ``dag`` is paused."""
        return bool(self._rest.call("GET", f"/api/v2/dags/{dag}")[1]["is_paused"])

    def set_paused(self, dag: str, paused: bool) -> None:
        """Pauses or unpauses ``dag``."""
        self._rest.call("PATCH", f"/api/v2/dags/{dag}?update_mask=is_paused", {"is_paused": paused})

    def close_leftovers(self, dag: str) -> int:
        """Ends runs and backfills that a killed session left behind; returns how many."""
        backfills = self.close_backfills(dag)
        query = urlencode([("state", "running"), ("state", "queued"), ("limit", PAGE)])
        _, body = self._rest.call("GET", f"/api/v2/dags/{dag}/dagRuns?{query}")
        for row in body["dag_runs"]:
            self._rest.call(
                "PATCH", f"/api/v2/dags/{dag}/dagRuns/{quote(row['dag_run_id'])}", {"state": "failed"}
            )
        return backfills + len(body["dag_runs"])

    def close_backfills(self, dag: str) -> int:
        """Ends open backfills, also those whose runs have all ended; returns how many.

        Airflow itself notices their end up to half a minute late, and refuses another backfill until then.
        """
        query = urlencode({"dag_id": dag, "limit": PAGE, "order_by": "-id"})
        _, body = self._rest.call("GET", f"/api/v2/backfills?{query}")
        open_backfills = [row["id"] for row in body["backfills"] if row["completed_at"] is None]
        for number in open_backfills:
            self._rest.call("PUT", f"/api/v2/backfills/{number}/cancel", accept=(200, 409))
        return len(open_backfills)

    def create_backfill(self, dag: str, first: date, last: date) -> None:
        """One run per date from ``first`` to ``last``; dates that ran before run again.

        A refused attempt may leave its backfill open, and Airflow allows only one per DAG, so it is closed
        first.
        """
        self._rest.call(
            "POST",
            "/api/v2/backfills",
            {
                "dag_id": dag,
                "from_date": f"{first}T00:00:00Z",
                "to_date": f"{last}T00:00:00Z",
                "run_backwards": False,
                "dag_run_conf": {},
                "reprocess_behavior": "completed",
                "max_active_runs": 1,
            },
            before_retry=lambda: self.close_leftovers(dag),
        )

    def runs(self, dag: str, first: date, last: date) -> list[DagRun]:
        """Runs with a logical date in the range, oldest first."""
        query = {
            "logical_date_gte": f"{first}T00:00:00Z",
            "logical_date_lt": f"{last + timedelta(days=1)}T00:00:00Z",
            "order_by": "logical_date",
            "limit": PAGE,
        }
        rows: list[dict[str, Any]] = []
        while True:
            _, body = self._rest.call(
                "GET", f"/api/v2/dags/{dag}/dagRuns?{urlencode({**query, 'offset': len(rows)})}"
            )
            rows += body["dag_runs"]
            if len(rows) >= body["total_entries"] or not body["dag_runs"]:
                break
        return [
            DagRun(row["dag_run_id"], datetime.fromisoformat(row["logical_date"]).date(), row["state"])
            for row in rows
        ]

    def trigger(self, dag: str, ds: date) -> DagRun:
        """Starts ``dag`` for ``ds`` now."""
        _, row = self._rest.call(
            "POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": {"ds": ds.isoformat()}}
        )
        return DagRun(row["dag_run_id"], ds, row["state"])

    def run(self, dag: str, run_id: str, ds: date) -> DagRun:
        """A run that was started for ``ds``, as it is now."""
        _, row = self._rest.call("GET", f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}")
        return DagRun(run_id, ds, row["state"])

    def answer(self, dag: str, run_id: str, task: str, option: str, **params: str) -> None:
        """Answers the question that a task asks people."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}/taskInstances/{quote(task)}/-1/hitlDetails"
        self._rest.call("PATCH", path, {"chosen_options": [option], "params_input": params})

    def set_note(self, dag: str, run_id: str, task: str, note: str) -> None:
        """Writes the note that Airflow's pages show for a task."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}/taskInstances/{quote(task)}?update_mask=note"
        self._rest.call("PATCH", path, {"note": note[:NOTE_CHARS]})

    def tasks(self, dag: str, run_id: str) -> list[TaskRun]:
        """Tasks of one run in the order in which they started."""
        _, body = self._rest.call(
            "GET", f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}/taskInstances?limit={PAGE}"
        )
        return [
            TaskRun(row["task_id"], row["state"] or "waiting", _seconds(row), row["try_number"])
            for row in sorted(body["task_instances"], key=lambda row: row["start_date"] or "9999")
        ]


def _seconds(row: dict[str, Any]) -> float | None:
    """Duration of a finished task; until then Airflow still shows the previous attempt."""
    return float(row["duration"]) if row["state"] in ("success", "failed") and row["duration"] else None
