"""Verifies tonight's candidates and makes them what readers see, in one commit."""

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.errors import ScoringError
from causalrec.lake import Lake, Ledger
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.outcome import Outcome, Pin
from causalrec.scoring.rules import allowed
from causalrec.scoring.score import CANDIDATES
from causalrec.scoring.verify import overlap, verify

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PUBLISHED = "recommendations"


def publish_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The candidates and the settings of scoring."""
    digests = ledger.partition_digests(CANDIDATES)
    return {
        "candidates": digests.get(f"ds={ds.isoformat()}", ""),
        "scoring": hashlib.sha256(settings.scoring.model_dump_json().encode()).hexdigest(),
    }


def publish(settings: Settings, lake: Lake, ledger: Ledger, spark: "SparkSession", ds: dt.date) -> Outcome:
    """Replaces the partition of ``recommendations`` by the verified candidates.

    Raises:
        ScoringError: a rule is broken; the published table stays as it is.
    """
    candidates, interactions = lake.table(CANDIDATES), lake.table("interactions")
    if not candidates.exists():
        raise ScoringError(f"no candidates of {ds}", do="run score for this date")
    pins = (Pin(CANDIDATES, candidates.version()), Pin("interactions", interactions.version()))
    where = {"ds": [ds.isoformat()]}
    frame = read_frame(spark, candidates, where, version=pins[0].version)
    seen = read_frame(spark, interactions, where, ["user_id", "item_id"], pins[1].version)
    dataset = load_dataset(settings, lake, ds)
    users = spark.createDataFrame(pa.table({"user_id": pa.array(dataset.user_ids, pa.string())}))
    may = dataset.item_ids[allowed(dataset.items, settings.scoring)]
    items = spark.createDataFrame(pa.table({"item_id": pa.array(may, pa.string())}))
    findings = verify(frame, seen, users, items, settings.scoring)
    broken = [finding for finding in findings if finding.broken]
    if broken:
        listing = "; ".join(f"{finding.rule}: broken {finding.broken} times" for finding in broken)
        raise ScoringError(
            f"candidates of {ds} are not published: {listing}", do="run score --force, then publish"
        )
    (written,) = write_frame(frame, lake.table(PUBLISHED), [{"ds": ds.isoformat()}])
    return Outcome(
        rows_in=written.rows,
        rows_out=written.rows,
        reads=pins,
        writes=(written,),
        counters={"rules": float(len(findings)), **_overlap(spark, lake, ds, written.version)},
        note=f"{len(findings)} rules hold",
    )


def _overlap(spark: "SparkSession", lake: Lake, ds: dt.date, version: int) -> dict[str, float]:
    """How much of the newest earlier night is still there."""
    table = lake.table(PUBLISHED)
    earlier = [day for day in table.upto("ds", ds.isoformat()) if day < ds.isoformat()]
    if not earlier:
        return {}
    columns = ["user_id", "item_id"]
    today = read_frame(spark, table, where={"ds": [ds.isoformat()]}, columns=columns, version=version)
    before = read_frame(spark, table, where={"ds": [earlier[-1]]}, columns=columns, version=version)
    share = overlap(today, before)
    return {} if share is None else {"overlap_with_last_night": share}
