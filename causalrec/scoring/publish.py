"""Verifies tonight's candidates and publishes them in one commit."""

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import ScoringError
from causalrec.experiment.assignment import arms_of
from causalrec.experiment.policies import policies
from causalrec.lake import Lake, Ledger
from causalrec.lake.bridge import read_frame, write_frame
from causalrec.lake.outcome import Outcome, Pin
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.ranking.rules import allowed, item_rules
from causalrec.ranking.slots import Policy
from causalrec.scoring.arms import experiment_input, scoring_inputs
from causalrec.scoring.cap_shares import cap_shares
from causalrec.scoring.market_findings import market_findings
from causalrec.scoring.markets import markets_of
from causalrec.scoring.offered import offered, priced
from causalrec.scoring.score import CANDIDATES
from causalrec.scoring.verify import Overlap, overlap, verify, within_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from pyspark.sql import DataFrame, SparkSession

PUBLISHED = "recommendations"


def publish_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The candidates, the settings of scoring, and the arms of an experiment."""
    digests = ledger.partition_digests(CANDIDATES)
    return {
        "candidates": digests.get(f"ds={ds.isoformat()}", ""),
        **scoring_inputs(settings, ds),
        **experiment_input(settings, ds),
    }


def publish(settings: Settings, lake: Lake, ledger: Ledger, spark: "SparkSession", ds: dt.date) -> Outcome:
    """Replaces the partition of ``recommendations`` by the verified candidates.

    Raises:
        ScoringError: a rule is broken; the published table is left unchanged.
    """
    candidates, interactions = lake.table(CANDIDATES), lake.table("interactions")
    if not candidates.exists():
        raise ScoringError(f"no candidates of {ds}", do="run score for this date")
    pins = (Pin(CANDIDATES, candidates.version()), Pin("interactions", interactions.version()))
    where = {"ds": [ds.isoformat()]}
    frame = read_frame(spark, candidates, where, version=pins[0].version)
    seen = read_frame(spark, interactions, where, ["user_id", "item_id"], pins[1].version)
    dataset = load_dataset(settings, lake, ds)
    arms = list(_arms(settings, frame, dataset, ds))
    findings = [
        finding
        for rows, users, scoring, taste, others in arms
        for finding in verify(
            rows, _not_again(spark, seen, dataset, scoring, ds), users,
            _may(spark, dataset, scoring, lake, ds), scoring, taste, _hidden(spark, scoring), others=others,
            by_score=not read_merchandise(scoring.merchandise).reorders(ds),
        )
    ]  # fmt: skip
    findings += market_findings(settings, lake, spark, frame, dataset, ds)
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
    shares = list(cap_shares(arms[0][0], dataset, settings.scoring, lake, ds))
    (written,) = write_frame(frame, lake.table(PUBLISHED), [{"ds": ds.isoformat()}])
    return Outcome(
        rows_in=written.rows,
        rows_out=written.rows,
        reads=pins,
        writes=(written,),
        counters={
            "rules": float(len(findings)),
            **({} if compared is None else {"overlap_with_last_night": compared.share}),
            **{name: value for share in shares for name, value in share.counters.items()},
        },
        note="\n".join(filter(None, (f"{len(findings)} rules hold", *(share.note for share in shares)))),
    )


def _arms(
    settings: Settings, frame: "DataFrame", dataset: Dataset, ds: dt.date
) -> "Iterator[tuple[DataFrame, DataFrame, ScoringSettings, str, tuple[str, ...]]]":
    """Rows, users who must be served, settings, policy, and policies of other arms in the same lists.

    Those of all, or of each arm in turn; interleaved lists keep the rules of both arms.
    """
    chosen, spark = settings.experiment, frame.sparkSession
    users = pa.table({"user_id": pa.array(dataset.user_ids, pa.string())})
    if not chosen.serves(ds) or frame.where(F.col("policy").isin(*policies(chosen))).isEmpty():
        yield frame, spark.createDataFrame(users), settings.scoring, Policy.TASTE.value, ()
        return
    scorings = {
        policy: chosen.arms[arm].over(settings.scoring) if arm != CONTROL else settings.scoring
        for policy, arm in policies(chosen).items()
    }
    if chosen.interleaved:
        everybody = spark.createDataFrame(users)
        for policy, scoring in scorings.items():
            yield frame, everybody, scoring, policy, tuple(name for name in scorings if name != policy)
        return
    owners = arms_of(dataset.user_ids, chosen)
    placed = spark.createDataFrame(users.append_column("arm", pa.array(owners, pa.string()))).cache()
    rows = frame.join(placed, "user_id", "left").fillna(CONTROL, "arm")  # strangers are found there
    for policy, arm in policies(chosen).items():
        if (owners == arm).any():
            mine = placed.where(F.col("arm") == arm).drop("arm")
            yield rows.where(F.col("arm") == arm).drop("arm"), mine, scorings[policy], policy, ()


def _may(
    spark: "SparkSession", dataset: Dataset, scoring: ScoringSettings, lake: Lake, ds: dt.date
) -> "DataFrame":
    """item_id of what the shop's rules allow; with the market where a rule goes by the prices of each."""
    markets = markets_of(scoring, dataset, lake, ds) if priced(scoring, ds) else None
    if markets is None:
        return _ids(spark, dataset.item_ids[offered(dataset, scoring, lake, ds)])
    may = {name: offered(dataset, scoring, lake, ds, markets.market(name)) for name in markets.names}
    names = np.repeat(np.array(markets.names, dtype=object), [int(there.sum()) for there in may.values()])
    items = np.concatenate([dataset.item_ids[there] for there in may.values()])
    rows = {"market": pa.array(names, pa.string()), "item_id": pa.array(items, pa.string())}
    return spark.createDataFrame(pa.table(rows))


def _hidden(spark: "SparkSession", scoring: ScoringSettings) -> "DataFrame | None":
    """user_id and item_id of what the shop hides from its users; None where it hides nothing."""
    pairs = read_merchandise(scoring.merchandise).hidden_pairs()
    return spark.createDataFrame(pairs) if pairs.num_rows else None


def _not_again(
    spark: "SparkSession", seen: "DataFrame", dataset: Dataset, scoring: ScoringSettings, ds: dt.date
) -> "DataFrame":
    """``seen`` pairs that may not be shown again."""
    may = allowed(dataset.items, scoring, ds)
    again = item_rules(dataset.items, scoring, ds, may).rebuyable
    return seen.join(_ids(spark, dataset.item_ids[again]), "item_id", "left_anti")


def _ids(spark: "SparkSession", item_ids: "npt.NDArray[np.object_]") -> "DataFrame":
    return spark.createDataFrame(pa.table({"item_id": pa.array(item_ids, pa.string())}))


def _compared(spark: "SparkSession", lake: Lake, ds: dt.date, frame: "DataFrame") -> Overlap | None:
    """Comparison of the candidates with the newest earlier night; None if there is none."""
    table = lake.table(PUBLISHED)
    days = table.upto("ds", ds.isoformat()) if table.exists() else []
    earlier = [day for day in days if day < ds.isoformat()]
    if not earlier:
        return None
    return overlap(frame, read_frame(spark, table, {"ds": [earlier[-1]]}, ["user_id", "item_id"]))
