"""Messages to people, sent to receivers on loopback."""

import email
import email.policy
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from causalrec_dags.commands import JobOperator, stage_task
from causalrec_dags.notify import EMAIL, SLACK, WEBHOOK, Notice, notices, tell_late

from causalrec.pipeline import STAGES
from tests.dags.receivers import Mailbox, Posted, mail_receiver, web_receiver


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Posted]:
    """A receiver that is named as plain webhook and as Slack."""
    with web_receiver() as found:
        pager = {"conn_type": "http", "host": f"{found.address}/pager", "password": "t0ken"}
        slack = {"conn_type": "slackwebhook", "host": found.address, "password": "T0/B0/xyz"}
        monkeypatch.setenv("AIRFLOW_CONN_PAGER", json.dumps(pager))
        monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(slack))
        monkeypatch.setenv(WEBHOOK, "pager")
        monkeypatch.setenv(SLACK, "slack")
        yield found


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_receiver() as box:
        extra = {"from_email": "causalrec@shop.example", "disable_ssl": True, "disable_tls": True}
        smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": box.port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(smtp))
        monkeypatch.setenv(EMAIL, "ops@shop.example, lead@shop.example")
        yield box


def context(task: Any, error: BaseException | None = None) -> dict[str, Any]:  # noqa: ANN401
    ti = SimpleNamespace(dag_id="nightly", task_id=task.task_id, task=task, log_url="http://airflow/log")
    return {"ti": ti, "dag_run": SimpleNamespace(run_id="r1"), "ds": "2026-03-01", "exception": error}


def failure_of(command: str) -> tuple[JobOperator, BaseException]:
    """What a task that runs ``command`` raises."""
    task = JobOperator(task_id="score", bash_command=command)
    with pytest.raises(AirflowException) as caught:
        task.execute({})
    return task, caught.value


def test_a_failed_stage_says_why(posted: Posted) -> None:
    task, error = failure_of("echo 'score: <@all> no champion -> train one'; exit 1")
    Notice("failed")(context(task, error))
    assert posted.bodies == [
        {
            "text": "*nightly 2026-03-01 score failed*\n"
            "exit status 1: score: &lt;@all&gt; no champion -&gt; train one\n<http://airflow/log|log>"
        },
        {
            "event": "failed", "dag": "nightly", "run": "2026-03-01", "task": "score",
            "text": "exit status 1: score: <@all> no champion -> train one", "link": "http://airflow/log",
        },
    ]  # fmt: skip
    assert posted.paths == ["/T0/B0/xyz", "/pager"]
    assert posted.tokens == [None, "Bearer t0ken"]


def test_a_refused_night_is_another_event(posted: Posted) -> None:
    task, error = failure_of("echo 'land: half a file -> deliver it again'; exit 78")
    assert isinstance(error, AirflowFailException)
    Notice("failed")(context(task, error))
    told = posted.bodies[1]
    assert told["event"] == "refused"
    assert told["text"] == "not tried again: land: half a file -> deliver it again"


def test_by_mail_to_everybody_with_the_text_as_it_is(mailbox: Mailbox) -> None:
    task, error = failure_of("echo 'score: {{ 1 + 1 }} <b> -> look'; exit 1")
    Notice("failed")(context(task, error))
    assert mailbox.receivers == ["ops@shop.example", "lead@shop.example"]
    mail = email.message_from_string(mailbox.mails[0], policy=email.policy.default)
    assert mail["Subject"] == "causalrec: nightly 2026-03-01 score failed"
    (part,) = mail.iter_parts()
    text = part.get_content()
    assert "{{ 1 + 1 }} &lt;b&gt; -&gt; look" in text
    assert 'href="http://airflow/log"' in text


def test_a_monitor_that_asks_for_training(posted: Posted) -> None:
    task = stage_task(STAGES["request_training"])
    (callback,) = task.on_success_callback
    assert stage_task(STAGES["monitor"]).on_success_callback == []
    done = JobOperator(task_id="request_training", bash_command="echo 'inputs drifted: psi 0.4'")
    done.execute({})
    callback(context(done))
    assert posted.bodies[1]["event"] == "training requested"
    assert posted.bodies[1]["text"] == "inputs drifted: psi 0.4"


def test_an_experiment_is_told_of_once_it_is_decided(posted: Posted) -> None:
    (callback,) = stage_task(STAGES["experiment"]).on_success_callback
    lines = ('{"ds": "2026-03-01", "tables": {}}', "a wrapper's line", '{"news": "arm new: better"}')
    for line in lines:
        done = JobOperator(task_id="experiment", bash_command=f"cat <<'END'\n{line}\nEND")
        done.execute({})
        callback(context(done))
    assert [body["text"] for body in posted.bodies[1:]] == ["arm new: better"]
    assert posted.bodies[1]["event"] == "experiment decided"


@pytest.mark.parametrize("status", [404, 500])
def test_a_receiver_that_refuses_fails_nothing_and_keeps_no_other_waiting(
    posted: Posted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    posted.status = status
    monkeypatch.setenv(SLACK, "nobody")  # no such connection
    task, error = failure_of("echo broken; exit 1")
    with caplog.at_level(logging.ERROR):
        Notice("failed")(context(task, error))
    assert posted.paths == ["/pager"]
    assert "t0ken" not in caplog.text


def test_only_a_late_run_of_the_schedule_is_told(posted: Posted) -> None:
    run = {"dag_id": "nightly", "run_type": "backfill", "logical_date": "2026-03-01T00:00:00Z"}
    run["state"] = "running"
    late = {"dag_run": run, "deadline": {"deadline_time": "2026-03-02 06:00"}}
    tell_late(late)
    assert posted.bodies == []
    run["run_type"] = "scheduled"
    tell_late(late)
    assert posted.bodies[1] == {
        "event": "late", "dag": "nightly", "run": "2026-03-01", "task": "", "link": "",
        "text": "The run is not done although its deadline, 2026-03-02 06:00, has passed; it is running.",
    }  # fmt: skip


def test_nobody_named_nobody_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (EMAIL, SLACK, WEBHOOK):
        monkeypatch.delenv(name, raising=False)
    assert notices("failed") == []
    assert stage_task(STAGES["score"]).on_failure_callback == []


def test_the_deadline_of_the_nightly_dag(posted: Posted, monkeypatch: pytest.MonkeyPatch) -> None:
    import nightly

    monkeypatch.delenv("CAUSALREC_DEADLINE_HOURS", raising=False)
    assert nightly.deadline() is None
    monkeypatch.setenv("CAUSALREC_DEADLINE_HOURS", "6")
    found = nightly.deadline()
    assert found is not None
    assert found.interval == timedelta(hours=30)  # after the beginning of the date
    assert found.callback.path == "nightly.late"
    monkeypatch.delenv(SLACK)
    monkeypatch.delenv(WEBHOOK)
    assert nightly.deadline() is None
