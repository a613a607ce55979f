"""A night with an experiment: everybody has the list of their arm, and every arm its own rules."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from causalrec.config import Settings
from causalrec.config.experiment import ExperimentSettings
from causalrec.errors import RegistryError, ScoringError, SettingsError
from causalrec.experiment.assignment import arms_of
from causalrec.lake import Lake, Ledger
from causalrec.ranking.interleaved import coins
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.report.rules import rules_page
from causalrec.scoring.arm_lists import arm_lists
from causalrec.scoring.arms import served_arms
from causalrec.scoring.publish import publish
from causalrec.scoring.score import score, score_inputs
from causalrec.scoring.would_be import would_be
from tests.registry.shop import DS, USERS, settings_in, write_dataset

pytestmark = pytest.mark.spark
EVERYBODY = np.array([f"u{row:03d}" for row in range(USERS + 2)], dtype=object)
PINNED, HIDDEN = "i005", "i007"
WHERE = {"ds": [DS.isoformat()]}


def with_experiment(settings: Settings, **arms: dict[str, object]) -> Settings:
    days = {"start": DS, "end": DS + dt.timedelta(days=7)}
    design = "split" if all("share" in arm for arm in arms.values()) else "interleave"
    chosen = ExperimentSettings.model_validate({"name": "x", "arms": arms, "design": design, **days})
    return settings.model_copy(update={"experiment": chosen})


def rows_of(lake: Lake, table: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in (
        lake.table(table)
        .read(where=WHERE)
        .sort_by([("user_id", "ascending"), ("rank", "ascending")])
        .to_pylist()
    ):
        found.setdefault(row["user_id"], []).append(row)
    return found


def test_a_night_of_two_models_and_of_two_rules(
    tmp_path_factory: pytest.TempPathFactory, spark: SparkSession
) -> None:
    settings = settings_in(tmp_path_factory.mktemp("arms"), "popularity")
    write_dataset(settings)
    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    for name in ("popularity", "ease"):
        model = settings.model.model_copy(update={"name": name})
        train_and_log(settings.model_copy(update={"model": model}), lake, ledger, DS)
    client = connect(settings)
    client.set_registered_model_alias(settings.registry.model_name, "champion", "1")
    blocked = "i003"
    arms: dict[str, dict[str, object]] = {
        "new": {"share": 0.4, "model": "experiment"},
        "rules": {"share": 0.3, "scoring": {"blocked_items": [blocked], "merchandise": _rules(settings)}},
    }
    trying = with_experiment(settings, **arms)
    waits = score(trying, lake, ledger, spark, DS)  # nobody was sent to the experiment yet
    assert "experiment x waits for the version of an arm" in waits.note
    publish(trying, lake, ledger, spark, DS)
    alone, before = rows_of(lake, "recommendations"), score_inputs(trying, lake, ledger, DS)
    assert {row["policy"] for mine in alone.values() for row in mine} <= {"causalrec", "new_items"}
    client.set_registered_model_alias(settings.registry.model_name, "experiment", "2")
    assert score_inputs(trying, lake, ledger, DS) != before

    outcome = score(trying, lake, ledger, spark, DS)
    assert outcome.note == "champion version 1; arm new version 2; arm rules version 1"
    owners = arms_of(EVERYBODY, trying.experiment)
    pairs = lake.table("interactions").read(where=WHERE).to_pylist()
    has_pinned = {row["user_id"] for row in pairs if row["item_id"] == PINNED}
    found = rows_of(lake, "recommendation_candidates")
    versions = {"control": "1", "new": "2", "rules": "1"}
    for user, arm in zip(EVERYBODY, owners, strict=True):
        mine = found[user]
        assert {row["model_version"] for row in mine} == {versions[arm]}
        others = {"new_items", "pinned"} if arm == "rules" else {"new_items"}
        assert {row["policy"] for row in mine} <= {f"causalrec:x:{arm}", *others}
        if arm == "control":
            assert [row["item_id"] for row in mine] == [row["item_id"] for row in alone[user]]
        if arm == "rules":
            assert not {blocked, HIDDEN} & {row["item_id"] for row in mine}
            assert (mine[0]["item_id"], mine[0]["policy"]) == (PINNED, "pinned") or user in has_pinned
    assert any(
        [row["item_id"] for row in found[user]] != [row["item_id"] for row in alone[user]]
        for user in EVERYBODY[owners == "new"]
    )
    sizes = {f"arm_{arm}": float((owners == arm).sum()) for arm in versions}
    assert {name: outcome.counters[name] for name in sizes} == sizes
    published = publish(trying, lake, ledger, spark, DS)
    assert published.rows_out == outcome.rows_out == 5 * (USERS + 2)
    some = [EVERYBODY[owners == arm][0] for arm in versions]
    past = [row for row in lake.table("interactions").read(where=WHERE).to_pylist() if row["user_id"] in some]
    latest = sorted(past, key=lambda row: (-row["last_time"].timestamp(), row["item_id"]))
    histories = {user: [row["item_id"] for row in latest if row["user_id"] == user] for user in some}
    beside = arm_lists(trying, lake, DS, histories)
    for user, arm in zip(some, versions, strict=True):
        lists = beside[user]
        assert set(lists) == set(versions)
        assert list(lists[arm]) == [row["item_id"] for row in found[user]]

    _would_be(settings, lake, {PINNED: sorted(has_pinned)})
    _refuses_lists_of_other_arms(trying, lake, ledger, spark, EVERYBODY[owners == "rules"][0], blocked)
    with pytest.raises(RegistryError, match="no version 9"):
        served_arms(with_experiment(settings, new={"share": 0.5, "model": "9"}), lake, DS)
    _interleaved(settings, lake, ledger, spark, alone)


def _interleaved(
    settings: Settings,
    lake: Lake,
    ledger: Ledger,
    spark: SparkSession,
    alone: dict[str, list[dict[str, Any]]],
) -> None:
    """Everybody has one list of both models, and the rules of either hold for all of it."""
    arms: dict[str, dict[str, object]] = {
        "new": {"model": "experiment", "scoring": {"blocked_items": ["i003"]}}
    }
    both = with_experiment(settings, **arms)
    outcome = score(both, lake, ledger, spark, DS)
    assert outcome.note == "champion version 1; arm new version 2"
    publish(both, lake, ledger, spark, DS)
    found = rows_of(lake, "recommendations")
    beside = arm_lists(both, lake, DS, {user: [] for user in EVERYBODY[:2]})
    assert set(found) == set(EVERYBODY)
    tossed = coins(EVERYBODY, f"x/{DS}", 5)
    for user, toss in zip(EVERYBODY, tossed, strict=True):
        mine = found[user]
        assert [row["rank"] for row in mine] == [1, 2, 3, 4, 5]
        assert "i003" not in {row["item_id"] for row in mine}
        versions = {"causalrec:x:control": "1", "causalrec:x:new": "2", "new_items": "1"}
        assert all(row["model_version"] == versions[row["policy"]] for row in mine)
        ours = [row["item_id"] for row in mine if row["policy"] == "causalrec:x:control"]
        theirs = [row for row in mine if row["policy"] == "causalrec:x:new"]
        assert abs(len(ours) - len(theirs)) <= 1
        by_taste = [row for row in mine if row["policy"] in versions and row["policy"] != "new_items"]
        assert (by_taste[0]["policy"] == "causalrec:x:new") == toss[0]
        if not toss[0]:
            assert ours[0] == next(row["item_id"] for row in alone[user] if row["item_id"] != "i003")
    assert set(beside[EVERYBODY[0]]) == {"control", "new"}
    again = score(both, lake, ledger, spark, DS)
    assert not any(written.changed for written in again.writes)
    pinned: dict[str, dict[str, object]] = {"new": {"scoring": {"merchandise": _rules(settings)}}}
    with pytest.raises(SettingsError, match="arm new has other pins"):
        score(with_experiment(settings, **pinned), lake, ledger, spark, DS)


def _rules(settings: Settings) -> str:
    """A rules file that pins an item for everybody and hides another one from everybody."""
    file = Path(settings.paths.work) / "rules.toml"
    file.write_text(f'hidden = "hidden.csv"\n[[pins]]\nitem = "{PINNED}"\nrank = 1\n')
    lines = [f"{user},{HIDDEN}" for user in EVERYBODY]
    (file.parent / "hidden.csv").write_text("\n".join(["user_id,item_id", *lines]))
    return str(file)


def _would_be(settings: Settings, lake: Lake, past: dict[str, list[str]]) -> None:
    """The rules are compared before they are used: with the same draws, and the cost in score."""
    found = would_be(settings, lake, DS, str(Path(settings.paths.work) / "rules.toml"), 40)
    assert (found.before["user_id"].nunique(), found.version, found.logits) == (40, "1", False)
    first = found.after[found.after["rank"] == 1].set_index("user_id")["item_id"]
    assert set(first[[user for user in first.index if user not in past[PINNED]]]) == {PINNED}
    assert HIDDEN in set(found.before["item_id"])
    assert HIDDEN not in set(found.after["item_id"])
    page, change = rules_page(settings, lake, DS, "rules.toml", found)
    assert change.placed["pinned"] == (0, int((first == PINNED).sum()))
    assert change.responses is None
    assert change.score.after < change.score.before
    assert change.lost[0].item_id == HIDDEN
    assert "enters" in page.html


def _refuses_lists_of_other_arms(
    settings: Settings, lake: Lake, ledger: Ledger, spark: SparkSession, user: str, blocked: str
) -> None:
    table = lake.table("recommendation_candidates")
    good = table.read(where=WHERE).drop_columns(["ds"])
    changes = {(user, 1): {"policy": "causalrec:x:new"}, (user, 2): {"item_id": blocked}}
    rows = [{**row, **changes.get((row["user_id"], row["rank"]), {})} for row in good.to_pylist()]
    table.replace(pa.Table.from_pylist(rows, schema=good.schema), {"ds": DS.isoformat()})
    with pytest.raises(ScoringError, match=r"has its policy.*no rule blocks"):
        publish(settings, lake, ledger, spark, DS)
