"""Notifies people of what needs them: by e-mail, Slack, or any address that accepts JSON.

Three variables name the receivers; without them nothing is sent::

    CAUSALREC_NOTIFY_EMAIL="ops@shop.example, lead@shop.example"    # through the connection smtp_default
    CAUSALREC_NOTIFY_SLACK=slack      # a connection: password = what follows .../services/ in the webhook
    CAUSALREC_NOTIFY_WEBHOOK=pager    # a connection: host = the whole address, password = a bearer token

A receiver that does not respond causes a line in the log; it never fails a task.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal
from urllib.request import Request, urlopen

from airflow.sdk import BaseNotifier, Connection
from airflow.sdk.exceptions import AirflowFailException

EMAIL, SLACK, WEBHOOK = "CAUSALREC_NOTIFY_EMAIL", "CAUSALREC_NOTIFY_SLACK", "CAUSALREC_NOTIFY_WEBHOOK"
SMTP = "smtp_default"
SLACK_HOST = "https://hooks.slack.com/services"
SECONDS = 10
LONGEST = 3_000  # characters of a message; Slack splits longer ones

Event = Literal["failed", "late", "waiting", "training requested", "experiment decided"]


@dataclass(frozen=True)
class Message:
    """A message to the receivers. ``link`` leads to the task's log; empty if there is none."""

    event: str
    dag: str
    run: str
    task: str
    text: str
    link: str = ""

    @property
    def title(self) -> str:
        """One line."""
        return " ".join(part for part in (self.dag, self.run, self.task, self.event) if part)


class Notice(BaseNotifier):  # type: ignore[misc]  # Airflow has no types here
    """A message about a task, as a callback of it or a notifier of an approval."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event

    def notify(self, context: Mapping[str, Any]) -> None:
        """Sends it to every configured receiver; nothing about an experiment that is still running."""
        message = task_message(self.event, context)
        if message.text or self.event != "experiment decided":
            self.send(message)

    def send(self, message: Message) -> None:
        """Sends ``message``; errors of a receiver are logged."""
        for name, send in SENDERS.items():
            if receiver := os.environ.get(name, "").strip():
                try:
                    send(receiver, message)
                except Exception as error:  # the night continues whatever a receiver does
                    self.log.error("%s: not told: %s: %s", name, type(error).__name__, error)


def notices(event: Event) -> list[Notice]:
    """The callbacks for ``event``; empty without receivers."""
    return [Notice(event)] if anybody() else []


def anybody() -> bool:
    """Whether there is a receiver."""
    return any(os.environ.get(name, "").strip() for name in SENDERS)


def task_message(event: Event, context: Mapping[str, Any]) -> Message:
    """The message about the task of ``context``."""
    task, run = context["ti"], context.get("dag_run")
    error = context.get("exception")
    if event == "waiting":
        text = str(context["ti"].task.body)
    elif event == "experiment decided":
        text = news_of(str(getattr(task.task, "said", "")))
    else:
        text = str(error) if error is not None else str(getattr(task.task, "said", ""))
    return Message(
        "refused" if isinstance(error, AirflowFailException) else event,
        task.dag_id,
        str(context.get("ds") or getattr(run, "run_id", "")),
        task.task_id,
        text[:LONGEST],
        str(getattr(task, "log_url", "") or ""),
    )


def news_of(line: str) -> str:
    """What the last ``line`` of a job says that people should know; empty where it says nothing new."""
    try:
        told = json.loads(line)
    except ValueError:
        return ""
    return str(told.get("news", "")) if isinstance(told, dict) else ""


def tell_late(context: Mapping[str, Any]) -> None:
    """Called at a DAG's deadline. Only scheduled runs have one: nobody waits for a backfill."""
    run, deadline = context["dag_run"], context["deadline"]["deadline_time"]
    if run["run_type"] != "scheduled":
        return
    text = f"The run is not done although its deadline, {deadline}, has passed; it is {run['state']}."
    Notice("late").send(Message("late", run["dag_id"], str(run["logical_date"])[:10], "", text))


def _email(receivers: str, message: Message) -> None:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    link = f'<p><a href="{escape(message.link)}">log</a></p>' if message.link else ""
    SmtpNotifier(
        to=[one.strip() for one in receivers.split(",") if one.strip()],
        subject=f"causalrec: {message.title}",
        html_content=f"<pre>{escape(message.text)}</pre>{link}",
        smtp_conn_id=SMTP,
    ).notify({})


def _slack(receiver: str, message: Message) -> None:
    known = Connection.get(receiver)
    link = f"\n<{message.link}|log>" if message.link else ""
    text = f"*{_slack_text(message.title)}*\n{_slack_text(message.text)}{link}"
    _post(f"{(known.host or SLACK_HOST).rstrip('/')}/{known.password or ''}", {"text": text})


def _slack_text(text: str) -> str:
    """``text`` without what Slack would read as a link or a mention."""
    return escape(text, quote=False)


def _webhook(receiver: str, message: Message) -> None:
    known = Connection.get(receiver)
    token = {"Authorization": f"Bearer {known.password}"} if known.password else {}
    _post(known.host or "", asdict(message), token)


def _post(address: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
    if not address.startswith(("http://", "https://")):
        raise ValueError("the host of the connection must begin with http:// or https://")
    head = {"Content-Type": "application/json", **(headers or {})}
    request = Request(address, json.dumps(body).encode(), head, method="POST")  # noqa: S310 - checked above
    with urlopen(request, timeout=SECONDS):  # noqa: S310
        pass


SENDERS: dict[str, Callable[[str, Message], None]] = {EMAIL: _email, SLACK: _slack, WEBHOOK: _webhook}
"""By the variable that names the receiver."""
