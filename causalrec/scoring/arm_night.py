"""The lists of one arm on one night: its model, its users, tonight's catalogue."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from causalrec.config import Settings
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.ranking.ann import build_index, near_top_k, recall
from causalrec.ranking.boosted import boosted, with_one
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.fused import fused_top_k
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.ranking.slots import Policy
from causalrec.ranking.ties import Ties
from causalrec.ranking.wording.compose import Wording
from causalrec.registry.package import ModelPackage
from causalrec.registry.versions import PACKAGE_HASH
from causalrec.scoring.arms import ServedArm
from causalrec.scoring.markets import EVERYBODY, Group, titles_of
from causalrec.scoring.night import Night
from causalrec.scoring.night_caps import balanced_tonight
from causalrec.scoring.objective import objective_cost
from causalrec.scoring.offered import offered
from causalrec.scoring.shipped import INDEX, ship_model
from causalrec.scoring.worker import HIDDEN, RECOMMENDED, ScoreTask

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from pyspark.sql import DataFrame, SparkSession

ANN_PROBES = 64  # cells of the index that are searched

RECALL_USERS = 500  # whose lists by the index are compared with exact ones


@dataclass
class ArmNight:
    """One arm on one night, with the package of its model open."""

    settings: Settings
    lake: Lake
    dataset: Dataset
    arm: ServedArm
    ds: dt.date
    package: ModelPackage
    group: Group = EVERYBODY
    within: "npt.NDArray[np.object_] | None" = None
    """Item ids outside of which nothing is listed; None: what the arm's own rules allow."""

    def __post_init__(self) -> None:
        mine, market = self.group.mine, self.group.market
        people = None if mine is None else self.dataset.user_ids[mine]
        self.night = Night(self.package, self.dataset, self.lake, self.ds, market, people)
        found = balanced_tonight(self.night, self.arm.scoring)
        self.catalogue = found if self.within is None else found.only(self.within)
        self.index = _index(self.catalogue, self.arm.scoring, self.settings.training.seed)

    def scored(self, spark: "SparkSession", interactions: "DataFrame") -> "DataFrame":
        """Labelled lists of the users of the group."""
        rows = user_rows(self.package, self.dataset)
        users = self.users(spark, rows, interactions, self.hidden_pairs())
        lists = users.mapInArrow(self.task(spark), from_arrow_schema(RECOMMENDED))
        return labelled(lists, [self.arm], self.dataset, self.ds, self.group)

    def users(
        self, spark: "SparkSession", rows: pa.Table, interactions: "DataFrame", hidden: pa.Table
    ) -> "DataFrame":
        """The ``rows`` of the users of the group with what they have and what is hidden from them, spread."""
        mine = self.group.mine
        users = users_with_history(spark, rows if mine is None else rows.filter(pa.array(mine)), interactions)
        return with_hidden(users, hidden).repartition(self.arm.scoring.partitions)

    def task(self, spark: "SparkSession") -> ScoreTask:
        """What an executor does, once it has been sent the files of the model."""
        own = f"{self.arm.version.tags[PACKAGE_HASH]}-{self.arm.name}{self.group.suffix}"
        archive = ship_model(spark, self.package, f"model-{own}", self.index)  # the index is of its catalogue
        index = "" if self.index is None else INDEX
        reasons = self.settings.reasons
        titles = titles_of(reasons.languages, self.dataset, self.lake, self.ds)
        wording = Wording.of(reasons, self.dataset.items, self.catalogue.item_ids, titles)
        return ScoreTask(archive, self.catalogue, self.arm.scoring, wording, self.ds.isoformat(), index)

    def hidden_pairs(self) -> pa.Table:
        """user_id and item_id that the arm's rules hide."""
        return read_merchandise(self.arm.scoring.merchandise).hidden_pairs()

    def counters(self) -> dict[str, float]:
        """Of the catalogue and the index."""
        sizes = _sizes(self.night, self.catalogue, self.arm.scoring)
        cost = objective_cost(self.night, self.catalogue, self.arm.scoring)
        return sizes | _recall(self.package, self.catalogue, self.index, self.settings) | cost


def user_rows(package: ModelPackage, dataset: Dataset) -> pa.Table:
    """user_id and the row of the user in the model; -1 for users it knows nothing about."""
    rows = package.rows_of(dataset.user_ids)
    return pa.table(
        {"user_id": pa.array(dataset.user_ids, pa.string()), "user_row": pa.array(rows, pa.int32())}
    )


def users_with_history(spark: "SparkSession", users: pa.Table, interactions: "DataFrame") -> "DataFrame":
    """Every user with the items chosen so far, latest first; null where there are none."""
    latest = F.struct((-F.unix_micros("last_time")).alias("age"), "item_id")
    past = F.sort_array(F.collect_list(latest)).getField("item_id")
    histories = interactions.groupBy("user_id").agg(past.alias("history"))
    return spark.createDataFrame(users).join(histories, "user_id", "left")


def with_hidden(users: "DataFrame", pairs: pa.Table) -> "DataFrame":
    """The users with the items that are hidden from each; as they are where none is."""
    if pairs.num_rows == 0:
        return users
    hidden = users.sparkSession.createDataFrame(pairs).groupBy("user_id")
    return users.join(hidden.agg(F.collect_list("item_id").alias(HIDDEN)), "user_id", "left")


def _index(catalogue: Catalogue, settings: ScoringSettings, seed: int) -> Any:  # noqa: ANN401 - faiss is untyped
    """The approximate index of a very large catalogue; None where the search is exact."""
    least = settings.ann_from_items
    states = boosted(catalogue).states
    if states is None or not least or catalogue.size < least:
        return None
    return build_index(states, ANN_PROBES, seed)


def _recall(package: ModelPackage, catalogue: Catalogue, index: Any, settings: Settings) -> dict[str, float]:  # noqa: ANN401
    """What the index finds of the exact lists of a sample of users."""
    tables, states = package.tables(), boosted(catalogue).states
    if index is None or tables is None or states is None:
        return {}
    rng = np.random.default_rng(settings.training.seed)
    size = min(RECALL_USERS, tables.users.shape[0])
    users = tables.users[np.sort(rng.choice(tables.users.shape[0], size, replace=False))]
    users = users if catalogue.rules.boosts is None else with_one(users)
    k, nothing = min(settings.scoring.k, catalogue.size), np.empty(0, dtype=np.int64)
    ties = Ties.numbered(size, catalogue.size)
    exact = fused_top_k(users, states, k, nothing, ties)
    return {"ann_recall": recall(near_top_k(index, users, states, k, nothing, ties), exact)}


def labelled(
    lists: "DataFrame", arms: "Sequence[ServedArm]", dataset: Dataset, ds: dt.date, group: Group
) -> "DataFrame":
    """The lists with where they come from; what taste chose and no other arm is of the first of ``arms``."""
    policy, own = F.col("policy"), arms[0]
    version = F.lit(own.version.version)
    for arm in arms[1:]:
        version = F.when(policy == arm.policy, F.lit(arm.version.version)).otherwise(version)
    return lists.withColumns(
        {
            "policy": F.when(policy == Policy.TASTE.value, F.lit(own.policy)).otherwise(policy),
            "model_version": version,
            "market": F.lit(None if group.market is None else group.market.name).cast("string"),
            "dataset_id": F.lit(dataset.dataset_id),
            "dataset_pins": F.lit(json.dumps({pin.table: pin.version for pin in dataset.pins})),
            "ds": F.lit(ds),
        }
    )


def _sizes(night: Night, catalogue: Catalogue, settings: ScoringSettings) -> dict[str, float]:
    known = pd.Index(night.dataset.item_ids).isin(night.package.item_ids)
    may = offered(night.dataset, settings, night.lake, night.ds, night.market)
    return {
        "items_scored": float(catalogue.rules.listed.sum()),
        "items_blocked": float((~may).sum()),
        "items_new": float(catalogue.rules.fresh.sum()),
        "items_unknown_to_model": float((catalogue.model_rows < 0).sum()),
        "items_without_score": float((~catalogue.rules.listed).sum()),
        "items_retired": float(night.package.item_ids.size - known.sum()),
    }
