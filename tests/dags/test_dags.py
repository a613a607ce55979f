"""Both DAGs as Airflow sees them: shape, limits, rendered command lines."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset
from airflow.sdk.exceptions import AirflowRescheduleException
from airflow.sdk.execution_time.comms import AssetEventDagRunReferenceResult
from airflow.sdk.execution_time.context import TriggeringAssetEventsAccessor
from causalrec_dags.commands import NOTHING_TO_DO, JobOperator, event_facts, job_command, stage_task
from causalrec_dags.pools import SLOTS, pools_line
from exports import dag as exports
from maintenance import dag as maintenance
from nightly import dag as nightly
from training import dag as training

from causalrec.pipeline import ASSETS, NIGHT, STAGES, TRAINING

ORDER = [
    "land", "ingest_events", "ingest_products", "ingest_images", "embed_images", "embed_texts",
    "features", "build_dataset", "need_champion", "train", "evaluate", "review", "promote", "score",
    "publish", "item_lists", "behaviour_lists", "experiment", "monitor", "report", "request_training",
]  # fmt: skip
DAGS = [nightly, training, maintenance, exports]
TASKS = [
    pytest.param(dag, task, id=f"{dag.dag_id}.{task.task_id}")
    for dag in DAGS
    for task in dag.tasks
    if isinstance(task, BashOperator)
]
HEAVY = [
    "deltalake", "great_expectations", "jobs", "mlflow", "open_clip", "pandas", "pyspark",
    "torch", "transformers",
]  # fmt: skip


def render(dag: DAG, task: BashOperator, **context: object) -> str:
    common = {"params": SimpleNamespace(ds=None), "macros": _macros(), "triggering_asset_events": {}}
    values = {**common, **context}
    return str(dag.get_template_env().from_string(task.bash_command).render(values))


def _macros() -> ModuleType:
    from airflow.sdk.execution_time import macros

    module: ModuleType = macros
    return module


def test_nightly_has_exactly_the_tasks_of_a_night() -> None:
    assert sorted(nightly.task_dict) == sorted(ORDER)


def test_every_task_of_the_night_is_a_job() -> None:
    root = Path(__file__).parents[2]
    assert [name for name in ORDER if not (root / "jobs" / f"{name}.py").is_file()] == []


@pytest.mark.parametrize(
    ("task", "after"),
    [
        ("land", set()),
        ("ingest_events", {"land"}),
        ("ingest_products", {"land"}),
        ("ingest_images", {"ingest_products"}),
        ("embed_images", {"ingest_images"}),
        ("embed_texts", {"ingest_products"}),
        ("features", {"embed_images", "embed_texts"}),
        ("build_dataset", {"ingest_events", "embed_images", "embed_texts"}),
        ("need_champion", {"ingest_events"}),
        ("train", {"need_champion", "build_dataset"}),
        ("evaluate", {"train"}),
        ("review", {"evaluate"}),
        ("promote", {"evaluate"}),
        ("score", {"promote", "build_dataset"}),
        ("publish", {"score"}),
        ("item_lists", {"publish"}),
        ("behaviour_lists", {"publish"}),
        ("experiment", {"publish"}),
        ("report", {"item_lists", "behaviour_lists", "experiment", "monitor"}),
        ("monitor", {"publish"}),
        ("request_training", {"monitor"}),
    ],
)
def test_nightly_order(task: str, after: set[str]) -> None:
    assert nightly.get_task(task).upstream_task_ids == after


def test_training_order() -> None:
    assert [task.task_id for task in training.topological_sort()] == [
        "build_dataset", "tune", "train", "evaluate", "review", "promote",
        "need_approval", "approval", "answer",
    ]  # fmt: skip


def test_the_question_and_what_becomes_of_its_answer() -> None:
    approval, answer = training.get_task("approval"), training.get_task("answer")
    assert approval.options == ["Approve", "Reject", "Try it", "Decide later"]
    assert approval.defaults == ["Decide later"]
    assert approval.response_timeout == timedelta(hours=48)
    reason = "$(rm -rf /); 'too \"popular\"'"
    said = {
        "chosen_options": ["Reject"],
        "responded_by_user": {"id": "7", "name": "eva"},
        "params_input": {"reason": reason},
    }
    asked = training.get_task("need_approval").output_processor('{"version": "3", "text": "Version 3 waits"}')
    ti = SimpleNamespace(xcom_pull=lambda task_ids: {"approval": said, "need_approval": asked}[task_ids])
    environment = training.get_template_env()
    found = {name: environment.from_string(text).render(ti=ti) for name, text in answer.env.items()}
    assert found == {
        "CAUSALREC_ANSWER": "Reject",
        "CAUSALREC_ANSWER_VERSION": "3",
        "CAUSALREC_ANSWER_BY": "eva",
        "CAUSALREC_ANSWER_WHY": reason,
    }
    said["params_input"] = {"reason": None}  # nobody has to give one to approve: the form would stay grey
    assert approval.params.get_param("reason").resolve(None) is None
    assert environment.from_string(answer.env["CAUSALREC_ANSWER_WHY"]).render(ti=ti) == ""
    assert answer.append_env
    assert "reason" not in answer.bash_command
    assert environment.from_string(approval.body).render(ti=ti).startswith("Version 3 waits\n\n*Approve*")
    nobody = said | {"responded_by_user": None, "chosen_options": ["Decide later"]}
    ti = SimpleNamespace(xcom_pull=lambda task_ids: nobody)
    assert environment.from_string(answer.env["CAUSALREC_ANSWER_BY"]).render(ti=ti) == ""


def test_maintenance_is_one_job_of_the_last_day_that_is_over() -> None:
    (task,) = maintenance.tasks
    run = SimpleNamespace(run_after=datetime(2026, 3, 1, 4, tzinfo=UTC))
    assert render(maintenance, task, dag_run=run).endswith("-m jobs.maintain --ds 2026-02-28")


def test_one_run_at_a_time_without_catch_up() -> None:
    assert {(dag.max_active_runs, dag.catchup) for dag in DAGS} == {(1, False)}


def test_only_the_nightly_dag_has_a_start() -> None:
    """A weekly DAG with one would run for last Sunday once it is unpaused, and what is asked for waits."""
    assert nightly.start_date == datetime(2018, 1, 1, tzinfo=UTC)
    assert (training.start_date, maintenance.start_date) == (None, None)


def test_the_run_of_a_date_starts_when_the_date_is_over() -> None:
    from airflow.timetables.interval import CronDataIntervalTimetable

    timetable = CronDataIntervalTimetable(nightly.schedule.expression, timezone="UTC")
    interval = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 3, 2, tz="UTC"))
    assert interval.start.isoformat() == "2026-03-01T00:00:00+00:00"
    assert interval.end.isoformat() == "2026-03-02T00:00:00+00:00"


def test_what_to_run_where_pools_are_missing(root: Path) -> None:
    """The DAG's page and the log of its first task say it."""
    made = {
        name: pool["slots"]
        for name, pool in json.loads((root / "infra/airflow/pools.json").read_text()).items()
    }
    assert made == SLOTS
    line = pools_line(NIGHT)
    assert line.endswith(
        "airflow pools set dataset 1 causalrec && airflow pools set gpu 1 causalrec"
        " && airflow pools set spark 2 causalrec"
    )
    assert {task.task_id: task.hint for task in nightly.tasks if task.hint} == {"land": line}
    assert nightly.doc_md.endswith(line)
    assert "(dataset, gpu)" in training.doc_md
    assert pools_line([STAGES["export"]]) == ""


@pytest.mark.parametrize(("dag", "task"), TASKS)
def test_limits_of_every_task(dag: DAG, task: BashOperator) -> None:
    assert task.retries == 2
    assert task.retry_delay == timedelta(seconds=60)
    assert timedelta(0) < task.execution_timeout <= timedelta(hours=12)
    assert task.do_xcom_push is (task.task_id == "need_approval")  # its last line is the question
    assert list(task.skip_on_exit_code) == [NOTHING_TO_DO]


def test_pools() -> None:
    pools: dict[str, set[str]] = {}
    for task in nightly.tasks:
        pools.setdefault(task.pool, set()).add(task.task_id)
    assert pools == {
        "spark": {"ingest_events", "ingest_products", "ingest_images", "embed_images", "embed_texts",
                  "score", "behaviour_lists", "experiment"},
        "gpu": {"train", "evaluate"},
        "dataset": {"build_dataset"},
        "default_pool": {
            "land", "features", "need_champion", "review", "promote", "publish", "item_lists",
            "report", "monitor", "request_training",
        },
    }  # fmt: skip


def test_score_runs_after_skipped_training_but_not_after_a_failure() -> None:
    assert nightly.get_task("score").trigger_rule.value == "none_failed"


@pytest.mark.parametrize(("dag", "task"), TASKS)
def test_command_of_a_scheduled_run(dag: DAG, task: BashOperator) -> None:
    run = SimpleNamespace(run_after=datetime(2026, 3, 2, tzinfo=UTC))
    command = render(dag, task, ds="2026-03-01", dag_run=run)
    assert command == f"exec {sys.executable} -m jobs.{task.task_id} --ds 2026-03-01"


def test_exports_wait_for_all_three_lists() -> None:
    waiting = exports.timetable.asset_condition
    assert type(waiting).__name__ == "AssetAll"
    assert {asset.uri for asset in waiting.objects} == {
        f"causalrec://lake/{table}" for table in ("recommendations", "similar_items", "popular_items")
    }
    written = {outlet.uri for task in nightly.tasks for outlet in task.outlets}
    assert {asset.uri for asset in waiting.objects} <= written


def test_exports_work_on_the_newest_date_that_was_published() -> None:
    (task,) = exports.tasks
    run = SimpleNamespace(run_after=datetime(2026, 3, 9, tzinfo=UTC))

    def rendered(*extras: dict[str, str]) -> str:
        unknown = ("source_task_id", "source_dag_id", "source_run_id", "source_map_index")
        common = {**dict.fromkeys(unknown), "source_aliases": [], "timestamp": run.run_after}
        assets = [{"name": name, "uri": f"causalrec://lake/{name}", "extra": {}} for name in "abc"]
        events = [
            AssetEventDagRunReferenceResult.model_validate({**common, "asset": asset, "extra": extra})
            for asset, extra in zip(cycle(assets), extras, strict=False)
        ]
        told = TriggeringAssetEventsAccessor.build(events)
        return render(exports, task, dag_run=run, triggering_asset_events=told).partition("--ds ")[2]

    assert rendered({"ds": "2026-03-01"}, {"ds": "2026-03-05"}, {}, {"ds": "2026-03-02"}) == "2026-03-05"
    assert rendered({}) == "2026-03-08"
    assert rendered() == "2026-03-08"
    with pytest.raises(ValueError, match="unconverted data"):
        rendered({"ds": "2026-03-01; rm -rf /"})


class Events(dict[Asset, SimpleNamespace]):
    """The asset events of a task, made when they are asked for."""

    def __missing__(self, asset: Asset) -> SimpleNamespace:
        return self.setdefault(asset, SimpleNamespace(extra={}))


def test_asset_events_say_what_was_written() -> None:
    line = '{"ds": "2026-03-01", "tables": {"recommendations": {"rows": 600, "version": 4}}}'
    task = JobOperator(
        task_id="publish",
        bash_command=f"echo done; echo '{line}'",
        outlets=[Asset("causalrec://lake/recommendations"), Asset("causalrec://registry/champion")],
    )
    events = Events()
    task.execute({"outlet_events": events})
    assert {asset.uri: event.extra for asset, event in events.items()} == {
        "causalrec://lake/recommendations": {"ds": "2026-03-01", "rows": 600, "version": 4},
        "causalrec://registry/champion": {"ds": "2026-03-01"},
    }


@pytest.mark.parametrize("line", ["", "publish 2026-03-01: up to date", "[1]", '{"ds": 1}', "null"])
def test_another_last_line_says_nothing(line: str) -> None:
    assert event_facts(line, "causalrec://lake/events") == {}


def test_a_night_waits_for_the_nights_before_it() -> None:
    """Whoever started them: a backfill may be told to run any number of dates at a time."""
    waits = [task.task_id for task in nightly.tasks if task.in_turn]
    assert waits == ["land"]
    running: list[object] = [object()]
    ti = SimpleNamespace(get_previous_dagrun=lambda state: running.pop() if running else None)
    task = JobOperator(task_id="land", bash_command="echo landed", in_turn=True)
    with pytest.raises(AirflowRescheduleException) as caught:
        task.execute({"ti": ti})
    assert caught.value.reschedule_date > datetime.now(UTC)
    assert task.execute({"ti": ti}) == "landed"


def test_a_training_waits_for_the_night_of_the_same_date() -> None:
    """Both build its dataset; a night of another date is no reason to wait."""
    first, *others = training.topological_sort()
    assert [task.task_id for task in others if getattr(task, "night", "")] == []
    run = SimpleNamespace(run_after=datetime(2026, 3, 2, 6, tzinfo=UTC))
    text = {"params": SimpleNamespace(ds=None), "macros": _macros(), "dag_run": run}
    assert training.get_template_env().from_string(first.night).render(text) == "2026-03-01"

    asked: list[object] = []
    running = [1]

    def count(dag_id: str, *, logical_dates: list[datetime], states: list[str]) -> int:
        asked.append((dag_id, logical_dates, states))
        return running.pop() if running else 0

    task = JobOperator(task_id="build_dataset", bash_command="echo built", night="2026-03-01")
    ti = SimpleNamespace(get_dr_count=count)
    with pytest.raises(AirflowRescheduleException):
        task.execute({"ti": ti})
    assert task.execute({"ti": ti}) == "built"
    assert asked == [("nightly", [datetime(2026, 3, 1, tzinfo=UTC)], ["running"])] * 2


def test_airflow_names_pools_that_do_not_exist(root: Path) -> None:
    """Where it reads the DAGs, on its pages; with the pools of the file there is nothing to say."""
    pools = json.loads((root / "infra/airflow/pools.json").read_text())
    said = {warning.dag_id: warning.message for warning in _bag(root, {"default_pool"}).dag_warnings}
    assert said["nightly"] == "Dag 'nightly' references non-existent pools: ['dataset', 'gpu', 'spark']"
    assert set(said) == {"nightly", "training"}
    assert _bag(root, {"default_pool", *pools}).dag_warnings == set()


def _bag(root: Path, known_pools: set[str]) -> DagBag:
    bag = DagBag(root / "dags", known_pools=known_pools)
    assert bag.import_errors == {}
    return bag


def test_where_a_task_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSALREC_QUEUES", "gpu=accelerated train=large")
    monkeypatch.setenv("CAUSALREC_POD_TEMPLATES", "gpu=/pods/gpu.yaml")
    found = {name: stage_task(STAGES[name]) for name in ("train", "evaluate", "score")}
    assert {name: task.queue for name, task in found.items()} == {
        "train": "large", "evaluate": "accelerated", "score": "default",
    }  # fmt: skip
    assert found["train"].executor_config == {"pod_template_file": "/pods/gpu.yaml"}
    assert found["score"].executor_config == {}
    monkeypatch.setenv("CAUSALREC_QUEUES", "tpu=accelerated")
    with pytest.raises(ValueError, match="'tpu=accelerated' is not NAME=VALUE"):
        stage_task(STAGES["score"])


@pytest.mark.parametrize("dag", [nightly, training])
def test_a_run_without_logical_date_works_on_the_last_day_that_is_over(dag: DAG) -> None:
    run = SimpleNamespace(run_after=datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    assert render(dag, dag.get_task("train"), dag_run=run).endswith("-m jobs.train --ds 2026-02-28")


@pytest.mark.parametrize("dag", [nightly, training])
def test_the_date_can_be_given_by_hand(dag: DAG) -> None:
    chosen = SimpleNamespace(ds="2025-12-31")
    run = SimpleNamespace(run_after=datetime(2026, 3, 2, tzinfo=UTC))
    assert render(dag, dag.get_task("train"), params=chosen, dag_run=run).endswith("--ds 2025-12-31")


@pytest.mark.parametrize("bad", ["2026-03-01; rm -rf /", "yesterday", "2026-3-1", 5])
def test_a_date_that_is_none_is_refused(bad: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        nightly.params.get_param("ds").resolve(value=bad)


def test_the_command_is_configurable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "CAUSALREC_JOB_COMMAND", "spark-submit --master k8s://x {root}/jobs/{job}.py --ds {ds}"
    )
    root = Path(__file__).parents[2]
    assert job_command("score", "D") == f"spark-submit --master k8s://x {root}/jobs/score.py --ds D"


def test_parsing_is_fast_and_imports_nothing_heavy(root: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time, airflow.sdk, airflow.providers.standard.operators.bash\n"
        "had, began = set(sys.modules), time.process_time()\n"
        "import nightly, training, maintenance, exports\n"
        "print(time.process_time() - began)\n"
        f"print(sorted(set({HEAVY!r}) & ({{name.split('.')[0] for name in sys.modules}} - had)))\n"
    )
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "PYTHONPATH": f"{root}:{root / 'dags'}",
        "PATH": "/usr/bin:/bin",
    }
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert float(out[-2]) < 1.0
    assert out[-1] == "[]"


def test_the_dags_are_what_the_pipeline_says() -> None:
    assert list(nightly.task_dict) == [stage.name for stage in NIGHT]
    for task in (*nightly.tasks, *maintenance.tasks):
        stage = STAGES[task.task_id]
        assert (task.pool, task.execution_timeout) == (stage.pool, timedelta(minutes=stage.minutes))
        assert task.upstream_task_ids == set(stage.after)
        named = [outlet.uri for outlet in task.outlets]
        assert named == [*(f"causalrec://lake/{t}" for t in stage.writes if t in ASSETS), *stage.outlets]
    assert [task.task_id for task in training.topological_sort()][: len(TRAINING)] == list(TRAINING)
