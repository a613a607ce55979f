"""Calls to a busy Airflow: a small server on loopback that answers as Airflow does when SQLite is locked."""

import datetime as dt
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tenacity import wait_none

from infra.embedded.client import AirflowClient, DagRun
from infra.embedded.errors import EmbeddedError
from infra.embedded.ports import any_free
from infra.embedded.rest import ATTEMPTS, RestClient

Answer = tuple[int, dict[str, object]]
LOCKED: Answer = (503, {"detail": "Database is locked."})


class Scripted(ThreadingHTTPServer):
    """Gives ``answers`` one after the other, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        self.given: list[object] = []


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/auth/token":
            answer: Answer = (201, {"access_token": "t"})
        else:
            self.server.asked.append(f"{self.command} {self.path.split('?')[0]}")
            self.server.given.append(json.loads(body) if body else None)
            answer = self.server.answers.pop(0)
        self.send_response(answer[0])
        self.end_headers()
        self.wfile.write(json.dumps(answer[1]).encode())

    do_GET = do_POST = do_PUT = do_PATCH = _answer

    def log_message(self, *words: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_busy_database_is_asked_again(server: Scripted) -> None:
    server.answers = [LOCKED, (500, {}), (200, {"is_paused": True})]
    rest = RestClient(server.server_port, "admin", "x", wait=wait_none())
    assert rest.call("GET", "/pause") == (200, {"is_paused": True})
    assert server.asked == ["GET /pause"] * 3


def test_a_database_that_stays_busy_is_an_error(server: Scripted) -> None:
    server.answers = [LOCKED] * ATTEMPTS
    rest = RestClient(server.server_port, "admin", "x", wait=wait_none())
    with pytest.raises(EmbeddedError, match="answered 503 to GET /pause: Database is locked"):
        rest.call("GET", "/pause")
    assert server.answers == []


def test_nobody_listens_yet() -> None:
    assert not AirflowClient(any_free(), "admin", "x").healthy()


def test_a_proxy_of_the_environment_is_not_asked(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{any_free()}")
    server.answers = [(200, {"is_paused": False})]
    assert RestClient(server.server_port, "admin", "x").call("GET", "/pause")[0] == 200


def test_other_refusals_are_not_asked_again(server: Scripted) -> None:
    server.answers = [(409, {"detail": "exists"})]
    with pytest.raises(EmbeddedError, match="409"):
        RestClient(server.server_port, "admin", "x", wait=wait_none()).call("POST", "/new", {})
    assert server.asked == ["POST /new"]


def test_what_a_refused_backfill_left_is_closed_before_the_next_attempt(server: Scripted) -> None:
    server.answers = [
        LOCKED,
        (200, {"backfills": [{"id": 3, "completed_at": None}, {"id": 2, "completed_at": "2026-01-01"}]}),
        (200, {}),
        (200, {"dag_runs": []}),
        (201, {"id": 4}),
    ]
    AirflowClient(server.server_port, "admin", "x").create_backfill(
        "nightly", dt.date(2026, 1, 1), dt.date(2026, 1, 1)
    )
    assert server.asked == [
        "POST /api/v2/backfills",
        "GET /api/v2/backfills",
        "PUT /api/v2/backfills/3/cancel",
        "GET /api/v2/dags/nightly/dagRuns",
        "POST /api/v2/backfills",
    ]


def test_a_run_for_a_date_and_the_answer_to_its_question(server: Scripted) -> None:
    server.answers = [(200, {"dag_run_id": "manual:1", "state": "queued"}), (200, {})]
    client, day = AirflowClient(server.server_port, "admin", "x"), dt.date(2026, 3, 3)
    assert client.trigger("training", day) == DagRun("manual:1", day, "queued")
    client.answer("training", "manual:1", "approval", "Approve", reason="why not")
    run = "/api/v2/dags/training/dagRuns"
    assert server.asked == [f"POST {run}", f"PATCH {run}/manual%3A1/taskInstances/approval/-1/hitlDetails"]
    assert server.given == [
        {"logical_date": None, "conf": {"ds": "2026-03-03"}},
        {"chosen_options": ["Approve"], "params_input": {"reason": "why not"}},
    ]
