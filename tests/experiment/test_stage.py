"""The stage on a real lake: what counts as a look, a click and a purchase, for whom, and from when on."""

import datetime as dt
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

import pytest

from causalrec.config import Settings
from causalrec.experiment.policies import policy_of
from causalrec.experiment.stage import experiment_inputs, judge_experiment
from causalrec.lake import Lake, Ledger
from tests.dataset.shop import event, lake_at, put, settings_at
from tests.registry.shop import replace_partition

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST = dt.date(2026, 3, 1)
SECOND, THIRD, FOURTH = (FIRST + dt.timedelta(days=n) for n in (1, 2, 3))
OURS, NEW = "causalrec:x:control", "causalrec:x:new"


def settings_of(work: Path, **more: object) -> Settings:
    chosen = {"name": "x", "start": FIRST, "end": SECOND, "arms": {"new": {"share": 0.5}}, **more}
    return Settings.model_validate({**settings_at(work).model_dump(), "experiment": chosen})


def lists(lake: Lake, ds: dt.date, **arms: str) -> None:
    """One row per user, by the policy of their arm, and one that chance drew."""
    rows = [
        {
            "user_id": user, "rank": rank, "item_id": f"i{rank}", "score": 1.0, "reason_code": "r",
            "reason_text": "r", "policy": policy, "model_version": arm[-1], "dataset_id": "d",
        }
        for user, arm in arms.items()
        for rank, policy in ((1, OURS if arm == "control1" else NEW), (2, "uniform"))
    ]  # fmt: skip
    replace_partition(lake, "recommendations", ds, rows)


def shown(number: str, time: str, user: str, item: str, policy: str | None) -> dict[str, Any]:
    return event(number, time, user, item, "impression", session_id="s", policy=policy)


def rows_of(lake: Lake, ds: dt.date) -> dict[tuple[str, str], dict[str, Any]]:
    found = lake.table("experiments").read(where={"ds": [ds.isoformat()]}).to_pylist()
    return {(row["arm"], row["metric"]): row for row in found}


def no_spark() -> Never:
    raise AssertionError("Spark was started")


def test_without_an_experiment_nothing_starts(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = Lake(settings.lake_root)
    assert experiment_inputs(settings, lake, Ledger(lake), FIRST) == {"experiment": ""}
    assert "experiment.name" in judge_experiment(settings, lake, no_spark, FIRST).note
    running = settings_of(tmp_path)
    assert judge_experiment(running, lake, no_spark, FIRST).writes == ()  # nobody has seen the first lists
    assert judge_experiment(running, lake, no_spark, FOURTH).writes == ()


def test_what_the_users_of_each_arm_did(tmp_path: Path, spark: "SparkSession") -> None:
    settings = settings_of(tmp_path)
    lake = lake_at(settings)
    assert policy_of(settings.experiment, "new") == NEW
    lists(lake, FIRST, a="control1", b="control1", m="control1", c="new2", d="new2")
    put(lake, "events", "2026-03-01", [event("e0", "2026-03-01T09:00", "a", "i1", price=10.0)])  # before
    put(lake, "events", "2026-03-02", [
        shown("e1", "2026-03-02T10:00", "a", "i1", OURS),
        event("e2", "2026-03-02T10:01", "a", "i1", "view", session_id="s"),  # a click
        shown("e3", "2026-03-02T10:00", "a", "i2", OURS),
        shown("e4", "2026-03-02T10:00", "a", "i3", "uniform"),  # no row of the list's own taste
        event("e5", "2026-03-02T09:59", "c", "i1", "view", session_id="s"),  # came before the look
        shown("e6", "2026-03-02T10:00", "c", "i1", NEW),
        shown("e7", "2026-03-02T10:02", "c", "i1", NEW),  # the same look
        event("e8", "2026-03-02T11:00", "c", "i9", price=20.0),  # whatever led to it
        shown("e9", "2026-03-02T10:00", "d", "i1", OURS),  # another arm's list
        event("e10", "2026-03-02T11:00", "stranger", "i9", price=99.0),
    ])  # fmt: skip
    outcome = judge_experiment(settings, lake, lambda: spark, SECOND)
    rows = rows_of(lake, SECOND)
    assert {key: (row["users"], row["looks"], row["value"]) for key, row in rows.items()} == {
        ("control", "conversion"): (3, 2, 0.0), ("new", "conversion"): (2, 1, 0.5),
        ("control", "click_through"): (3, 2, 0.5), ("new", "click_through"): (2, 1, 0.0),
        ("control", "revenue_per_user"): (3, 2, 0.0), ("new", "revenue_per_user"): (2, 1, 10.0),
    }  # fmt: skip
    new = rows["new", "conversion"]
    assert (new["verdict"], new["decides"], new["model_version"], new["share"]) == ("running", True, "2", 0.5)
    assert new["sample_ratio_p"] == pytest.approx(0.6547, abs=1e-4)
    assert outcome.note.startswith("experiment x, arm new: running")
    assert not any(one.changed for one in judge_experiment(settings, lake, lambda: spark, SECOND).writes)

    lists(lake, SECOND, a="control1", b="control1", m="new2", c="new2", d="new3")
    put(lake, "events", "2026-03-03", [event("e8", "2026-03-02T11:00", "c", "i9", price=20.0)])  # once more
    judge_experiment(settings, lake, lambda: spark, THIRD)
    rows = rows_of(lake, THIRD)
    assert rows["control", "conversion"]["users"] == rows["new", "conversion"]["users"] == 2  # m has moved
    assert rows["new", "revenue_per_user"]["value"] == 10.0
    assert (rows["new", "conversion"]["verdict"], rows["new", "conversion"]["detail"]) == (
        "invalid", "lists of new are by versions 2 and 3",
    )  # fmt: skip


def test_what_the_rows_of_each_arm_earned_in_lists_of_both(tmp_path: Path, spark: "SparkSession") -> None:
    settings = settings_of(tmp_path, design="interleave", arms={"new": {}})
    lake = lake_at(settings)
    both = [
        {
            "user_id": user, "rank": rank, "item_id": f"i{rank}", "score": 1.0, "reason_code": "r",
            "reason_text": "r", "policy": policy, "model_version": "1", "dataset_id": "d",
        }
        for user, ranks in {"a": (1, 2, 3), "b": (1, 2, 3), "c": (2, 1, 3), "d": (1, 3, 2)}.items()
        for rank, policy in zip(ranks, (OURS, NEW, "uniform"), strict=True)
    ]  # fmt: skip
    replace_partition(lake, "recommendations", FIRST, both)
    put(lake, "events", "2026-03-01", [shown("e0", "2026-03-01T09:00", "a", "i1", OURS)])  # before
    put(lake, "events", "2026-03-02", [
        shown("e1", "2026-03-02T10:00", "a", "i1", OURS),
        shown("e2", "2026-03-02T10:00", "a", "i2", NEW),
        event("e3", "2026-03-02T10:01", "a", "i2", "view", session_id="s"),  # a click on the arm's row
        event("e4", "2026-03-02T10:02", "a", "i2", session_id="s", price=20.0),
        event("e5", "2026-03-02T09:59", "b", "i1", session_id="s", price=5.0),  # bought before the look
        shown("e6", "2026-03-02T10:00", "b", "i1", OURS),
        shown("e7", "2026-03-02T10:03", "b", "i1", NEW),  # the look belongs to who showed it first
        event("e8", "2026-03-02T10:04", "b", "i1", session_id="s", price=7.0),
        shown("e9", "2026-03-02T10:00", "c", "i3", "uniform"),
        event("e10", "2026-03-02T10:01", "c", "i3", session_id="s", price=9.0),  # chance earned this
        event("e11", "2026-03-02T10:01", "c", "i9", session_id="s", price=9.0),  # no list showed it
    ])  # fmt: skip
    outcome = judge_experiment(settings, lake, lambda: spark, SECOND)
    rows = rows_of(lake, SECOND)
    assert {key: (row["users"], row["looks"], row["value"]) for key, row in rows.items()} == {
        ("control", "conversion"): (4, 2, 0.25), ("new", "conversion"): (4, 1, 0.25),
        ("control", "click_through"): (4, 2, 0.5), ("new", "click_through"): (4, 1, 1.0),
        ("control", "revenue_per_user"): (4, 2, 1.75), ("new", "revenue_per_user"): (4, 1, 5.0),
    }  # fmt: skip
    new = rows["new", "revenue_per_user"]
    own = [20.0, -7.0, 0.0, 0.0]
    assert new["difference"] == pytest.approx(3.25)
    assert new["difference_high"] - 3.25 == pytest.approx(1.959964 * statistics.stdev(own) / 2)
    assert (new["design"], new["share"], outcome.rows_in) == ("interleave", 1.0, 4)
    assert new["sample_ratio_p"] == pytest.approx(0.3173, abs=1e-4)  # three of four begin with the control
    assert (rows["new", "conversion"]["verdict"], rows["new", "conversion"]["difference"]) == ("running", 0.0)
