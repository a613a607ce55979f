"""The backfill plan, from a real ledger."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.errors import DatasetError
from causalrec.lake import Outcome
from causalrec.pipeline import LEFT_BEHIND, NIGHTLY
from causalrec.run import Run, open_run
from jobs._stage.load import load_job
from jobs._stage.runner import Job, run
from jobs.cli import main
from jobs.commands._shared.plans import DayPlan, plan_days

pytestmark = pytest.mark.slow

DAY = dt.date(2026, 3, 1)
NEXT = DAY + dt.timedelta(days=1)


class Shop:
    """Two real jobs whose inputs a test can change."""

    def __init__(self, folder: Path) -> None:
        self.digests = {"ingest_events": {"landing": "a"}, "score": {"events": "e", "champion": "1"}}
        self.jobs = [self._job("ingest_events"), self._job("score")]
        self.settings = Settings.model_validate({"paths": {"work": folder.parent}})
        self.context = open_run(self.settings, DAY)

    def _job(self, name: str) -> Job:
        return Job(name, lambda context: self._inputs(name, context), lambda context: Outcome())

    def _inputs(self, name: str, context: Run) -> Mapping[str, str]:
        if not self.digests[name]:
            raise DatasetError("version 3 is gone", do="restore it")
        return self.digests[name]

    def run(self, ds: dt.date, *names: str) -> None:
        for job in self.jobs:
            if job.name in names:
                run(job, self.context.at(ds))

    def plan(self, first: dt.date = DAY, last: dt.date = DAY) -> list[DayPlan]:
        return plan_days(self.context, self.jobs, first, last)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "lake")


def test_each_date_has_one_state(shop: Shop) -> None:
    shop.run(DAY, "ingest_events", "score")
    shop.run(NEXT, "ingest_events")
    assert shop.plan(DAY, NEXT + dt.timedelta(days=1)) == [
        DayPlan("2026-03-01", "done", ""),
        DayPlan("2026-03-02", "missing", "no result of score"),
        DayPlan("2026-03-03", "missing", "never ran"),
    ]


def test_the_reasons_name_job_and_input(shop: Shop) -> None:
    shop.run(DAY, "ingest_events", "score")
    shop.digests["ingest_events"] = {"landing": "b"}
    shop.digests["score"] = {"events": "f", "champion": "2", "k": "20", "new": "x"}
    assert shop.plan() == [
        DayPlan(
            "2026-03-01", "stale",
            "ingest_events: landing changed, score: champion, events, k and 1 more changed",
        )
    ]  # fmt: skip


def test_inputs_that_cannot_be_read_are_a_reason(shop: Shop) -> None:
    shop.run(DAY, "ingest_events", "score")
    shop.digests["score"] = {}
    assert shop.plan() == [DayPlan("2026-03-01", "stale", "score: version 3 is gone")]


def test_planning_writes_nothing(shop: Shop) -> None:
    shop.run(DAY, "ingest_events")
    before = shop.context.lake.table("ledger").version()
    shop.plan(DAY, NEXT)
    assert shop.context.lake.table("ledger").version() == before


def test_every_job_of_the_night_can_be_loaded() -> None:
    assert [load_job(name).name for name in LEFT_BEHIND] == list(LEFT_BEHIND)


def test_pages_count_only_where_a_night_asks_whether_anything_is_left_to_do() -> None:
    assert set(LEFT_BEHIND) - set(NIGHTLY) == {"features", "report"}
    assert set(NIGHTLY) < set(LEFT_BEHIND)


def test_training_is_no_part_of_a_complete_date() -> None:
    assert {"train", "evaluate", "promote"}.isdisjoint(NIGHTLY)


@pytest.mark.parametrize("pages", [[], ["--pages"]])
def test_the_command_on_an_empty_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pages: list[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(tmp_path))
    assert main(["plan", "--from", "2026-03-01", "--to", "2026-03-02", "--json", *pages]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"ds": "2026-03-01", "state": "missing", "why": "never ran"},
        {"ds": "2026-03-02", "state": "missing", "why": "never ran"},
    ]


def test_what_was_lost_is_made_again(shop: Shop) -> None:
    """A result outside the lake that somebody removed makes its date stale, and its stage due once."""
    there = shop.settings.paths.work / "bundle"
    made: list[dt.date] = []

    def work(context: Run) -> Outcome:
        made.append(context.ds)
        there.touch()
        return Outcome()

    def gone(_: Run) -> str | None:
        return None if there.exists() else "bundle 7 is gone"

    job = Job("score", lambda _: {"events": "e"}, work, gone=gone)
    shop.jobs = [job]
    run(job, shop.context)
    assert shop.plan() == [DayPlan("2026-03-01", "done", "")]
    there.unlink()
    assert shop.plan() == [DayPlan("2026-03-01", "stale", "score: bundle 7 is gone")]
    run(job, shop.context)
    run(job, shop.context)
    assert made == [DAY, DAY]
    assert shop.plan() == [DayPlan("2026-03-01", "done", "")]
