"""The nightly scoring: every user of the dataset, the champion's taste, tonight's catalogue."""

import datetime as dt
import hashlib
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from causalrec.config import Settings
from causalrec.config.sections import ScoringSettings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake, Ledger
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.outcome import Outcome, Pin
from causalrec.registry.package import RECOMMENDER, SERVING, ModelPackage
from causalrec.registry.pins import dataset_row
from causalrec.registry.store import connect
from causalrec.registry.versions import PACKAGE_HASH, TRAINED_ON, ModelVersion, need, opened, version_of
from causalrec.scoring.catalogue import Catalogue
from causalrec.scoring.rules import allowed
from causalrec.scoring.worker import RECOMMENDED, ScoreTask

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CANDIDATES = "recommendation_candidates"


def score_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The dataset, the champion and the settings of scoring."""
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "champion": version_of(settings, "champion"),
        "scoring": hashlib.sha256(settings.scoring.model_dump_json().encode()).hexdigest(),
    }


def score(settings: Settings, lake: Lake, ledger: Ledger, spark: "SparkSession", ds: dt.date) -> Outcome:
    """Replaces the partition of ``recommendation_candidates``.

    Raises:
        RegistryError: there is no champion, or its artifacts are damaged.
        DatasetError: there is no dataset of ``ds``.
    """
    dataset = load_dataset(settings, lake, ds)
    champion = need(connect(settings), settings, "champion")
    interactions = lake.table("interactions")
    pin = Pin("interactions", interactions.version())
    with opened(champion) as package:
        catalogue = tonight(package, dataset, settings.scoring)
        task = ScoreTask(_ship(spark, package, champion), catalogue, settings.scoring)
        users = users_with_history(
            spark,
            user_rows(package, dataset),
            read_frame(spark, interactions, {"ds": [ds.isoformat()]}, version=pin.version),
        )
        frame = _labelled(users.repartition(settings.scoring.partitions), task, champion, dataset, ds)
        (written,) = write_frame(frame, lake.table(CANDIDATES), [{"ds": ds.isoformat()}])
    counters = _counters(spark, lake, ds, written.version) | _sizes(package, dataset, settings.scoring)
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


def tonight(package: ModelPackage, dataset: Dataset, settings: ScoringSettings) -> Catalogue:
    """Allowed items that both the model and tonight's catalogue know, under tonight's titles."""
    ids = dataset.item_ids.astype(str)
    titles = dataset.items["title"].fillna(dataset.items["item_id"]).to_numpy().astype(str)
    return package.catalogue.only(ids[allowed(dataset.items, settings)]).named(ids, titles)


def user_rows(package: ModelPackage, dataset: Dataset) -> pa.Table:
    """user_id and the row of the user in the model; -1 for users it knows nothing about."""
    rows = package.rows_of(dataset.user_ids.astype(str))
    return pa.table(
        {"user_id": pa.array(dataset.user_ids, pa.string()), "user_row": pa.array(rows, pa.int32())}
    )


def users_with_history(spark: "SparkSession", users: pa.Table, interactions: "DataFrame") -> "DataFrame":
    """Every user with the items chosen so far, latest first; null where there are none."""
    latest = F.struct((-F.unix_micros("last_time")).alias("age"), "item_id")
    past = F.sort_array(F.collect_list(latest)).getField("item_id")
    histories = interactions.groupBy("user_id").agg(past.alias("history"))
    return spark.createDataFrame(users).join(histories, "user_id", "left")


def _ship(spark: "SparkSession", package: ModelPackage, champion: ModelVersion) -> str:
    """Sends the model's files to every executor; returns the name they are found under."""
    name = f"model-{champion.tags[PACKAGE_HASH]}"
    archive = Path(tempfile.mkdtemp(prefix="causalrec-ship-")) / f"{name}.zip"
    files = (
        [package.folder / SERVING] if package.factorised else sorted((package.folder / RECOMMENDER).iterdir())
    )
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for file in [*files, package.folder / "manifest.json"]:
            target.write(file, file.relative_to(package.folder))
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
            "ds": F.lit(ds),
        }
    )


def _counters(spark: "SparkSession", lake: Lake, ds: dt.date, version: int) -> dict[str, float]:
    """Users served per fallback label."""
    where = {"ds": [ds.isoformat()]}
    frame = read_frame(spark, lake.table(CANDIDATES), where, ["user_id", "fallback", "rank"], version)
    label = F.coalesce("fallback", F.lit("plain")).alias("label")
    rows = frame.where("rank = 1").groupBy(label).count().collect()  # one row per label
    return {f"users_{row['label']}": float(row["count"]) for row in rows}


def _sizes(package: ModelPackage, dataset: Dataset, settings: ScoringSettings) -> dict[str, float]:
    known = np.isin(dataset.item_ids.astype(str), package.item_ids)
    may = allowed(dataset.items, settings)
    return {
        "items_scored": float((known & may).sum()),
        "items_blocked": float((~may).sum()),
        "items_new_left_out": float((~known & may).sum()),
        "items_retired": float(package.item_ids.size - known.sum()),
    }
