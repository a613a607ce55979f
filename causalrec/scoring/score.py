"""The nightly scoring: every user of the dataset, by the champion or by the model of their arm."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.experiment.assignment import arms_of
from causalrec.lake import Lake, Ledger
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.outcome import Outcome, Pin
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.wording.book import reasons_input
from causalrec.registry.champion.alias import champion_number
from causalrec.registry.package import ModelPackage
from causalrec.registry.pins import dataset_row
from causalrec.registry.versions import TRAINED_ON, opened
from causalrec.scoring.arm_night import ArmNight
from causalrec.scoring.arms import (
    ServedArm,
    arms_inputs,
    scoring_inputs,
    served_arms,
    served_settings,
    waiting_note,
)
from causalrec.scoring.draft_night import DraftNight
from causalrec.scoring.markets import Group, groups, markets_of, user_markets
from causalrec.scoring.offered import offers_input

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CANDIDATES = "recommendation_candidates"


def score_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The dataset, the champion, the settings of scoring and of reasons, and the arms of an experiment."""
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "champion": champion_number(settings, lake),
        **scoring_inputs(settings, ds),
        **offers_input(lake, ds, *served_settings(settings, ds), languages=settings.reasons.languages),
        **reasons_input(settings.reasons),
        **arms_inputs(settings, lake, ds),
    }


def score(settings: Settings, lake: Lake, ledger: Ledger, spark: "SparkSession", ds: dt.date) -> Outcome:
    """Replaces the partition of ``recommendation_candidates``.

    Raises:
        RegistryError: there is no champion, or its artifacts are damaged.
        DatasetError: there is no dataset of ``ds``.
    """
    dataset = load_dataset(settings, lake, ds)
    arms = served_arms(settings, lake, ds)
    interactions = lake.table("interactions")
    pin = Pin("interactions", interactions.version())
    chosen = read_frame(spark, interactions, {"ds": [ds.isoformat()]}, version=pin.version)
    owners = None if len(arms) == 1 else arms_of(dataset.user_ids, settings.experiment)
    split = None if settings.experiment.interleaved else owners
    markets = markets_of(settings.scoring, dataset, lake, ds)
    at = None if markets is None else user_markets(spark, markets, settings, dataset, lake, ds)
    with ExitStack() as stack:
        packages = {arm.name: stack.enter_context(opened(arm.version)) for arm in arms}
        parts = [
            part
            for group in groups(markets, at)
            for part in _parts(settings, lake, spark, dataset, arms, packages, group, split, chosen, ds)
        ]
        frame = reduce(lambda one, other: one.unionByName(other), (part for _, part in parts))
        (written,) = write_frame(frame, lake.table(CANDIDATES), [{"ds": ds.isoformat()}])
        counters = parts[0][0].counters()
    counters |= _counters(spark, lake, ds, written.version)
    if split is not None:
        counters |= {f"arm_{arm.name}": float((split == arm.name).sum()) for arm in arms}
    if markets is not None and at is not None:
        counters |= {f"market_{name}": float((at == name).sum()) for name in sorted(set(at))}
        counters["offers_unread"] = float(markets.unread)
    return Outcome(
        rows_in=dataset.data.n_users,
        rows_out=written.rows,
        reads=(pin, *dataset.pins),
        writes=(written,),
        counters=counters,
        note="\n".join(filter(None, (_told(arms, ds), waiting_note(settings, arms, ds)))),
    )


def _parts(
    settings: Settings,
    lake: Lake,
    spark: "SparkSession",
    dataset: Dataset,
    arms: Sequence[ServedArm],
    packages: Mapping[str, ModelPackage],
    group: Group,
    split: Texts | None,
    interactions: "DataFrame",
    ds: dt.date,
) -> "Iterator[tuple[ArmNight, DataFrame]]":
    """The lists of a group, those of each arm in turn or of both in one; an arm without users has none.

    Args:
        split: arm (U,) of each user; None where one arm, or every arm, serves all of them.
    """
    if len(arms) > 1 and split is None:
        both = DraftNight.of(settings, lake, dataset, arms, ds, group, packages)
        yield both.control, both.scored(spark, interactions)
        return
    for arm in arms:
        own = Group(group.market, group.of(None if split is None else split == arm.name))
        if own.mine is None or own.mine.any():
            night = ArmNight(settings, lake, dataset, arm, ds, packages[arm.name], own)
            yield night, night.scored(spark, interactions)


def _told(arms: Sequence[ServedArm], ds: dt.date) -> str:
    """Which versions scored, and which of them know what came later."""
    told = []
    for arm in arms:
        trained = arm.version.tags.get(TRAINED_ON, "")
        late = f", which was trained later, on {trained}" if trained > ds.isoformat() else ""
        who = "champion" if arm is arms[0] else f"arm {arm.name}"
        told.append(f"{who} version {arm.version.version}{late}")
    return "; ".join(told)


def _counters(spark: "SparkSession", lake: Lake, ds: dt.date, version: int) -> dict[str, float]:
    """Users served per fallback label, and rows per policy."""
    where = {"ds": [ds.isoformat()]}
    columns = ["user_id", "fallback", "rank", "policy"]
    frame = read_frame(spark, lake.table(CANDIDATES), where, columns, version)
    label = F.coalesce("fallback", F.lit("plain")).alias("label")
    rows = frame.groupBy(label, "policy").agg(
        F.count_if(F.col("rank") == 1).alias("users"), F.count("*").alias("rows")
    )
    found: Counter[str] = Counter()
    for row in rows.collect():  # one row per label and policy
        found[f"users_{row['label']}"] += row["users"]
        found[f"rows_{row['policy']}"] += row["rows"]
    return {name: float(value) for name, value in found.items()}
