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
from causalrec.ranking.rules import allowed, item_rules
from causalrec.scoring.score import CANDIDATES
from causalrec.scoring.verify import Overlap, overlap, verify, within_bounds

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pyspark.sql import DataFrame, SparkSession

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
    may = allowed(dataset.items, settings.scoring, ds)
    again = item_rules(dataset.items, settings.scoring, ds, may).rebuyable
    items = _ids(spark, dataset.item_ids[may])
    seen = seen.join(_ids(spark, dataset.item_ids[again]), "item_id", "left_anti")
    findings = verify(frame, seen, users, items, settings.scoring)
    compared = _compared(spark, lake, ds, frame)
    if compared is not None:
        findings.append(within_bounds(compared, settings.scoring))
    broken = [finding for finding in findings if finding.broken]
    if broken:
        listing = "; ".join(f"{finding.rule}: broken {finding.broken} times" for finding in broken)
        raise ScoringError(
            f"candidates of {ds} are not published: {listing}",
            do="run score --force, then publish; the limits are settings under [scoring]",
        )
    (written,) = write_frame(frame, lake.table(PUBLISHED), [{"ds": ds.isoformat()}])
    return Outcome(
        rows_in=written.rows,
        rows_out=written.rows,
        reads=pins,
        writes=(written,),
        counters={
            "rules": float(len(findings)),
            **({} if compared is None else {"overlap_with_last_night": compared.share}),
        },
        note=f"{len(findings)} rules hold",
    )


def _ids(spark: "SparkSession", item_ids: "npt.NDArray[np.object_]") -> "DataFrame":
    return spark.createDataFrame(pa.table({"item_id": pa.array(item_ids, pa.string())}))


def _compared(spark: "SparkSession", lake: Lake, ds: dt.date, frame: "DataFrame") -> Overlap | None:
    """The candidates beside the newest earlier night; None where there is none."""
    table = lake.table(PUBLISHED)
    days = table.upto("ds", ds.isoformat()) if table.exists() else []
    earlier = [day for day in days if day < ds.isoformat()]
    if not earlier:
        return None
    return overlap(frame, read_frame(spark, table, {"ds": [earlier[-1]]}, ["user_id", "item_id"]))
