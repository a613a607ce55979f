"""The nightly scoring: every user of the dataset, the champion's taste, tonight's catalogue."""

import datetime as dt
import hashlib
import json
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from causalrec.config import Settings
from causalrec.config.sections import ScoringSettings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake, Ledger
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.outcome import Outcome, Pin
from causalrec.ranking.ann import build_index, near_top_k, recall, save_index
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.fused import fused_top_k
from causalrec.ranking.rules import allowed
from causalrec.ranking.ties import Ties
from causalrec.registry.champion.alias import champion_number, needed_champion
from causalrec.registry.package import RECOMMENDER, SERVING, ModelPackage
from causalrec.registry.pins import dataset_row
from causalrec.registry.versions import PACKAGE_HASH, TRAINED_ON, ModelVersion, opened
from causalrec.scoring.tonight import tonight
from causalrec.scoring.worker import RECOMMENDED, ScoreTask

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ANN_PROBES = 64  # cells of the index that are searched

RECALL_USERS = 500  # whose lists by the index are compared with exact ones
INDEX = "items.faiss"
CANDIDATES = "recommendation_candidates"


def score_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The dataset, the champion and the settings of scoring."""
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "champion": champion_number(settings, lake),
        "scoring": hashlib.sha256(settings.scoring.model_dump_json().encode()).hexdigest(),
    }


def score(settings: Settings, lake: Lake, ledger: Ledger, spark: "SparkSession", ds: dt.date) -> Outcome:
    """Replaces the partition of ``recommendation_candidates``.

    Raises:
        RegistryError: there is no champion, or its artifacts are damaged.
        DatasetError: there is no dataset of ``ds``.
    """
    dataset = load_dataset(settings, lake, ds)
    champion = needed_champion(settings, lake)
    interactions = lake.table("interactions")
    pin = Pin("interactions", interactions.version())
    with opened(champion) as package:
        catalogue = tonight(package, dataset, settings.scoring, lake, ds)
        index = _index(catalogue, settings)
        archive = _ship(spark, package, champion, index)
        task = ScoreTask(archive, catalogue, settings.scoring, ds.isoformat(), "" if index is None else INDEX)
        users = users_with_history(
            spark,
            user_rows(package, dataset),
            read_frame(spark, interactions, {"ds": [ds.isoformat()]}, version=pin.version),
        )
        frame = _labelled(users.repartition(settings.scoring.partitions), task, champion, dataset, ds)
        (written,) = write_frame(frame, lake.table(CANDIDATES), [{"ds": ds.isoformat()}])
        sizes = _sizes(package, dataset, catalogue, settings.scoring, ds)
        sizes |= _recall(package, catalogue, index, settings)
    counters = _counters(spark, lake, ds, written.version) | sizes
    late = champion.tags.get(TRAINED_ON, "") > ds.isoformat()
    warning = f", which was trained later, on {champion.tags[TRAINED_ON]}" if late else ""
    return Outcome(
        rows_in=dataset.data.n_users,
        rows_out=written.rows,
        reads=(pin, *dataset.pins),
        writes=(written,),
        counters=counters,
        note=f"champion version {champion.version}{warning}",
    )


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


def _index(catalogue: Catalogue, settings: Settings) -> Any:  # noqa: ANN401 - faiss is untyped
    """The approximate index of a very large catalogue; None where the search is exact."""
    least = settings.scoring.ann_from_items
    if catalogue.states is None or not least or catalogue.size < least:
        return None
    return build_index(catalogue.states, ANN_PROBES, settings.training.seed)


def _recall(package: ModelPackage, catalogue: Catalogue, index: Any, settings: Settings) -> dict[str, float]:  # noqa: ANN401
    """What the index finds of the exact lists of a sample of users."""
    tables = package.tables()
    if index is None or tables is None or catalogue.states is None:
        return {}
    rng = np.random.default_rng(settings.training.seed)
    size = min(RECALL_USERS, tables.users.shape[0])
    users = tables.users[np.sort(rng.choice(tables.users.shape[0], size, replace=False))]
    k, nothing = min(settings.scoring.k, catalogue.size), np.empty(0, dtype=np.int64)
    ties = Ties.numbered(size, catalogue.size)
    exact = fused_top_k(users, catalogue.states, k, nothing, ties)
    return {"ann_recall": recall(near_top_k(index, users, catalogue.states, k, nothing, ties), exact)}


def _ship(spark: "SparkSession", package: ModelPackage, champion: ModelVersion, index: Any) -> str:  # noqa: ANN401
    """Sends the model's files to every executor; returns the name they are found under."""
    name = f"model-{champion.tags[PACKAGE_HASH]}"
    archive = Path(tempfile.mkdtemp(prefix="causalrec-ship-")) / f"{name}.zip"
    files = (
        [package.folder / SERVING] if package.factorised else sorted((package.folder / RECOMMENDER).iterdir())
    )
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for file in [*files, package.folder / "manifest.json"]:
            target.write(file, file.relative_to(package.folder))
        if index is not None:
            save_index(index, archive.with_name(INDEX))
            target.write(archive.with_name(INDEX), INDEX)
    spark.sparkContext.addArchive(f"{archive.as_uri()}#{name}")
    return name


def _labelled(
    users: "DataFrame", task: ScoreTask, champion: ModelVersion, dataset: Dataset, ds: dt.date
) -> "DataFrame":
    frame = users.mapInArrow(task, from_arrow_schema(RECOMMENDED))
    return frame.withColumns(
        {
            "model_version": F.lit(champion.version),
            "dataset_id": F.lit(dataset.dataset_id),
            "dataset_pins": F.lit(json.dumps({pin.table: pin.version for pin in dataset.pins})),
            "ds": F.lit(ds),
        }
    )


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


def _sizes(
    package: ModelPackage, dataset: Dataset, catalogue: Catalogue, settings: ScoringSettings, ds: dt.date
) -> dict[str, float]:
    known = pd.Index(dataset.item_ids).isin(package.item_ids)
    may = allowed(dataset.items, settings, ds)
    return {
        "items_scored": float(catalogue.rules.listed.sum()),
        "items_blocked": float((~may).sum()),
        "items_new": float(catalogue.rules.fresh.sum()),
        "items_unknown_to_model": float((catalogue.model_rows < 0).sum()),
        "items_without_score": float((~catalogue.rules.listed).sum()),
        "items_retired": float(package.item_ids.size - known.sum()),
    }
