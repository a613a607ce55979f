"""The approval in a real Airflow on a real registry: approved, rejected, nobody in time, nothing to ask."""

import datetime as dt
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from causalrec.config import Settings
from causalrec.lake import Lake, Ledger
from causalrec.registry.champion.promotions import Decision, decisions
from causalrec.registry.gate.evaluate import evaluate_version
from causalrec.registry.promotion.promote import promote_version
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import by_alias, by_number
from tests.dags.receivers import web_receiver
from tests.registry.shop import DS, settings_in, write_dataset

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(1200)]

COMMAND = "exec {python} -S {root}/tests/dags/warm.py call SOCKET {job} {ds}"
DAGS = """
import os
from airflow.sdk import DAG
from causalrec_dags.approval import approval_tasks
from causalrec_dags.commands import RUN_DATE_PARAM

for dag_id, hours in (("approval_with_time", "48"), ("approval_without_time", "0.0001")):
    os.environ["CAUSALREC_APPROVAL_HOURS"] = hours
    with DAG(dag_id=dag_id, schedule=None, params={"ds": RUN_DATE_PARAM}):
        need_approval, approval, answer = approval_tasks()
        need_approval >> approval >> answer
"""


@dataclass(frozen=True)
class Told:
    """What the driver said of one scenario, and the registry and the table after all of them."""

    settings: Settings
    scenarios: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: tuple[Decision, ...] = ()
    messages: tuple[dict[str, Any], ...] = ()

    def states(self, scenario: str) -> tuple[str, ...]:
        """Of the run, of need_approval, approval and answer."""
        found = self.scenarios[scenario]
        return (found["run"], *(found["states"][task] for task in ("need_approval", "approval", "answer")))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Told:
    """Version 1 passed the gate; version 2 is taken for one that did, against champion 1."""
    work = tmp_path_factory.mktemp("approval")
    base = settings_in(work)
    settings = base.model_copy(update={"gate": base.gate.model_copy(update={"auto_approve": "never"})})
    write_dataset(settings)
    lake = Lake(settings.lake_root)
    train_and_log(settings, lake, Ledger(lake), DS)
    evaluate_version(settings, lake, Ledger(lake), DS)
    promote_version(settings, lake, Ledger(lake), DS)
    client = connect(settings)
    first = by_number(client, settings, "1")
    tags = {**first.tags, "evaluated_against": "1"}
    client.create_model_version(first.name, first.source, first.run_id, tags=tags)
    client.set_model_version_tag(first.name, "1", "review", "review/page 1.html")

    home, file = work / "airflow", work / "settings.toml"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "approvals.py").write_text(DAGS)
    file.write_text(f'[paths]\nwork = "{work}"\n[registry]\npage_url = "http://127.0.0.1:5000"\n')
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "CAUSALREC_SETTINGS": str(file),
        "CAUSALREC_TASK_RETRIES": "0",
        "CAUSALREC_NOTIFY_WEBHOOK": "pager",
        "CAUSALREC_JOB_COMMAND": COMMAND.replace("SOCKET", str(work / "jobs")),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join((str(root), str(root / "dags"))),
    }

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done.stdout

    warm = [sys.executable, "-m", "tests.dags.warm", "serve", str(work / "jobs")]
    with (
        web_receiver() as posted,
        subprocess.Popen(warm, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as jobs,
    ):
        environment["AIRFLOW_CONN_PAGER"] = json.dumps({"conn_type": "http", "host": posted.address})
        try:
            run("airflow", "db", "migrate")
            assert jobs.stdout is not None
            assert jobs.stdout.readline() == "ready\n"
            out = run("tests.dags.approval_driver", "nobody", "approve", "reject", "nothing")
        finally:
            jobs.kill()
    lines = [line for line in out.splitlines() if line.startswith("RESULT ")]
    found = [json.loads(line.removeprefix("RESULT ")) for line in lines]
    scenarios = {one["scenario"]: one for one in found}
    return Told(settings, scenarios, decisions(lake), tuple(posted.bodies))


def test_nobody_in_time(told: Told) -> None:
    assert told.states("nobody") == ("success", "success", "success", "success")
    row = told.rows[0]
    assert (row.word, row.before, row.version, row.who) == ("left", None, "1", "no answer in time")


def test_approved_is_what_was_asked_about(told: Told) -> None:
    """Version 2 became challenger while the question about version 1 was open."""
    assert told.states("approve") == ("success", "success", "success", "success")
    assert told.scenarios["approve"]["asked"] == "awaiting_input"
    row = told.rows[1]
    assert (row.word, row.before, row.version, row.who) == ("promoted", None, "1", "eva")
    client = connect(told.settings)
    champion = by_alias(client, told.settings, "champion")
    assert champion is not None
    assert (champion.version, champion.tags["answer"]) == ("1", "approve")


def test_rejected_with_a_reason(told: Told) -> None:
    assert told.states("reject") == ("success", "success", "success", "success")
    row = told.rows[2]
    assert (row.word, row.before, row.version, row.who) == ("rejected", "1", "2", "otto")
    assert row.why == "$(touch /tmp/never); 'too \"few\"' new items"
    assert not Path("/tmp/never").exists()
    assert by_number(connect(told.settings), told.settings, "2").tags["answer"] == "reject"


def test_nothing_to_ask(told: Told) -> None:
    """The rest is skipped, and the run is no failure."""
    assert told.states("nothing") == ("success", "skipped", "skipped", "skipped")
    assert "asked" not in told.scenarios["nothing"]
    assert len(told.rows) == 3


def test_somebody_is_told_that_a_version_waits(told: Told) -> None:
    assert [(body["event"], body["task"]) for body in told.messages] == [("waiting", "approval")] * 3
    assert told.messages[0]["text"] == told.scenarios["nobody"]["body"]


def test_the_event_of_a_new_champion_says_for_which_date(told: Told) -> None:
    ((asset, said),) = told.scenarios["approve"]["events"].items()
    assert asset == "causalrec://registry/champion"
    assert dt.date.fromisoformat(said["ds"]) < dt.datetime.now(dt.UTC).date()


def test_the_question_leads_to_both_pages(told: Told) -> None:
    run = by_number(connect(told.settings), told.settings, "1").run_id
    assert told.scenarios["approve"]["body"].splitlines()[:3] == [
        "Version 1 of causalrec, trained on data up to 2026-03-01; there is no champion yet.",
        f"* [Review page](http://127.0.0.1:5000/#/experiments/1/runs/{run}/artifacts/review/page%201.html)",
        "* [Model version in MLflow](http://127.0.0.1:5000/#/models/causalrec/versions/1)",
    ]
