"""Scoring and publishing on real Spark, Delta and MLflow."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyspark.sql import SparkSession

from causalrec.config import Settings
from causalrec.errors import RegistryError, ScoringError
from causalrec.lake import Lake, Ledger
from causalrec.registry.gate.evaluate import evaluate_version
from causalrec.registry.promotion.promote import promote_version
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.scoring.publish import publish
from causalrec.scoring.score import score
from tests.registry.shop import DS, USERS, settings_in, write_dataset

pytestmark = pytest.mark.spark
LATER = DS + dt.timedelta(days=1)


@dataclass(frozen=True)
class Night:
    settings: Settings
    lake: Lake
    ledger: Ledger
    dataset_id: str


@pytest.fixture(scope="module", params=["lightgcn", "ease"])
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A champion with item states, and one without."""
    settings = settings_in(tmp_path_factory.mktemp(request.param), request.param)
    dataset_id = write_dataset(settings)
    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    train_and_log(settings, lake, ledger, DS)
    client = connect(settings)
    client.set_registered_model_alias(settings.registry.model_name, "champion", "1")
    return Night(settings, lake, ledger, dataset_id)


def published(night: Night, ds: dt.date = DS) -> pa.Table:
    return night.lake.table("recommendations").read(where={"ds": [ds.isoformat()]})


def candidates(night: Night, ds: dt.date = DS) -> pa.Table:
    return night.lake.table("recommendation_candidates").read(where={"ds": [ds.isoformat()]})


def test_every_user_is_served_and_nothing_seen_is_shown(night: Night, spark: SparkSession) -> None:
    outcome = score(night.settings, night.lake, night.ledger, spark, DS)
    assert (outcome.rows_in, outcome.rows_out) == (USERS + 2, 5 * (USERS + 2))
    assert outcome.counters["users_plain"] + outcome.counters.get("users_fold_in", 0) == USERS
    assert outcome.counters["users_cold_user"] == 2
    assert outcome.counters["items_unknown_to_model"] == 0
    rows = candidates(night)
    assert set(rows["dataset_id"].to_pylist()) == {night.dataset_id}
    assert set(rows["model_version"].to_pylist()) == {"1"}
    seen = night.lake.table("interactions").read(columns=["user_id", "item_id"]).to_pylist()
    pairs = {(row["user_id"], row["item_id"]) for row in seen}
    assert not pairs & {(row["user_id"], row["item_id"]) for row in rows.to_pylist()}
    cold = rows.filter(pc.equal(rows["user_id"], "u061"))
    assert set(cold["reason_code"].to_pylist()) == {"popular"}
    if night.settings.model.name == "lightgcn":
        assert "because you chose" in " ".join(rows["reason_text"].to_pylist())
        assert rows["score_raw"].null_count == rows.num_rows  # this model has no raw model beside it

    done = publish(night.settings, night.lake, night.ledger, spark, DS)
    assert done.writes[0].rows == outcome.rows_out
    assert published(night).num_rows == outcome.rows_out


def test_again_and_otherwise_partitioned_gives_the_same_content(night: Night, spark: SparkSession) -> None:
    first = score(night.settings, night.lake, night.ledger, spark, DS)
    scoring = night.settings.scoring.model_copy(update={"partitions": 1, "user_block": 7})
    other = night.settings.model_copy(update={"scoring": scoring})
    again = score(other, night.lake, night.ledger, spark, DS)
    assert again.writes[0].digest == first.writes[0].digest
    assert not again.writes[0].changed


def test_a_newer_dataset_under_the_old_champion(night: Night, spark: SparkSession) -> None:
    """Users that came after training, with a history: folded in; also for a model without factors."""
    write_dataset(night.settings, seed=3, ds=LATER, cold_users=4)
    tables = night.lake.table("interactions").read(where={"ds": [LATER.isoformat()]})
    extra = tables.slice(0, 3).set_column(0, "user_id", pa.array(["u063"] * 3))
    whole = pa.concat_tables([tables, extra.cast(tables.schema)]).drop_columns(["ds"])
    night.lake.table("interactions").replace(whole, {"ds": LATER.isoformat()})
    outcome = score(night.settings, night.lake, night.ledger, spark, LATER)
    assert outcome.rows_in == USERS + 4
    rows = candidates(night, LATER)
    mine = rows.filter(pc.equal(rows["user_id"], "u063"))
    assert set(mine["fallback"].to_pylist()) == {"fold_in"}
    assert outcome.counters["users_fold_in"] == 1
    publish(night.settings, night.lake, night.ledger, spark, LATER)


def test_blocked_items_stand_in_no_list(night: Night, spark: SparkSession) -> None:
    top = {row["item_id"] for row in candidates(night).to_pylist() if row["rank"] == 1}
    scoring = night.settings.scoring.model_copy(update={"blocked_items": tuple(top)})
    strict = night.settings.model_copy(update={"scoring": scoring})
    with pytest.raises(ScoringError, match="no rule blocks"):
        publish(strict, night.lake, night.ledger, spark, DS)  # scored before the rule was made
    outcome = score(strict, night.lake, night.ledger, spark, DS)
    assert outcome.counters["items_blocked"] == len(top)
    assert not top & set(candidates(night)["item_id"].to_pylist())
    publish(strict, night.lake, night.ledger, spark, DS)
    score(night.settings, night.lake, night.ledger, spark, DS)


def test_no_champion(night: Night, spark: SparkSession) -> None:
    registry = night.settings.registry.model_copy(update={"model_name": "nobody"})
    with pytest.raises(RegistryError, match="has no champion"):
        score(night.settings.model_copy(update={"registry": registry}), night.lake, night.ledger, spark, DS)


Damage = Callable[[pa.Table], pa.Table]
BREAKS: dict[str, Damage] = {
    "ranks are 1..n": lambda rows: rows.filter(
        pc.invert(pc.and_(pc.equal(rows["user_id"], "u001"), pc.equal(rows["rank"], 3)))
    ),
    "every user is served": lambda rows: rows.filter(pc.not_equal(rows["user_id"], "u007")),
    "no item twice": lambda rows: _set(rows, "item_id", "u002", rank=2, value=_item(rows, "u002", 1)),
    "scores fall": lambda rows: _set(rows, "score", "u002", rank=5, value=1e9),
    "only known users": lambda rows: pa.concat_tables([rows, _as_user(rows, "stranger")]),
}


def _item(rows: pa.Table, user: str, rank: int) -> str:
    found = next(row for row in rows.to_pylist() if (row["user_id"], row["rank"]) == (user, rank))
    return str(found["item_id"])


def _set(rows: pa.Table, column: str, user: str, *, rank: int, value: object) -> pa.Table:
    changed = [
        row | ({column: value} if (row["user_id"], row["rank"]) == (user, rank) else {})
        for row in rows.to_pylist()
    ]
    return pa.Table.from_pylist(changed, schema=rows.schema)


def _as_user(rows: pa.Table, user: str) -> pa.Table:
    mine = [row | {"user_id": user} for row in rows.to_pylist() if row["user_id"] == "u001"]
    return pa.Table.from_pylist(mine, schema=rows.schema)


def test_broken_candidates_are_refused_and_the_published_table_stays(
    night: Night, spark: SparkSession
) -> None:
    if night.settings.model.name == "ease":
        pytest.skip("publishing does not depend on the model")
    settings, lake, ledger = night.settings, night.lake, night.ledger
    score(settings, lake, ledger, spark, DS)
    publish(settings, lake, ledger, spark, DS)
    good, before = candidates(night), lake.table("recommendations").version()
    table = lake.table("recommendation_candidates")
    seen = lake.table("interactions").read(where={"ds": [DS.isoformat()]}).to_pylist()
    bought = next(row["item_id"] for row in seen if row["user_id"] == "u002")
    breaks: dict[str, Damage] = dict(BREAKS)
    breaks["no seen item"] = lambda rows: _set(rows, "item_id", "u002", rank=2, value=bought)
    for rule, damage in breaks.items():
        table.replace(damage(good), {"ds": DS.isoformat()})
        with pytest.raises(ScoringError, match=rule):
            publish(settings, lake, ledger, spark, DS)
        assert lake.table("recommendations").version() == before, rule
    table.replace(good, {"ds": DS.isoformat()})
    assert not publish(settings, lake, ledger, spark, DS).writes[0].changed


def test_a_whole_promotion_precedes_scoring(night: Night, spark: SparkSession) -> None:
    if night.settings.model.name == "lightgcn":
        pytest.skip("two epochs need not beat the floor")
    evaluate_version(night.settings, night.lake, night.ledger, DS)
    note = promote_version(night.settings, night.lake, night.ledger, DS).note
    assert "it is already the champion" in note
