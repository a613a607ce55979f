"""The rules of publishing in a shop with markets, found out anew from its events and products."""

import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.errors import ScoringError
from causalrec.lake import Lake
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.markets import Markets
from causalrec.scoring.markets import entries_frame, markets_of, user_markets
from causalrec.scoring.verify import Finding

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def market_findings(
    settings: Settings, lake: Lake, spark: "SparkSession", frame: "DataFrame", dataset: Dataset, ds: dt.date
) -> list[Finding]:
    """Whether every list is for the market of its user, and holds only what is sold there.

    Empty where markets do not count.
    """
    markets = markets_of(settings.scoring, dataset, lake, ds)
    if markets is None:
        return []
    at = user_markets(spark, markets, settings, dataset, lake, ds)
    names = ("user_id", "own_market")
    users = pa.table([pa.array(array, pa.string()) for array in (dataset.user_ids, at)], names=names)
    whose = frame.join(spark.createDataFrame(users), "user_id", "left")
    elsewhere = whose.where(~F.col("market").eqNullSafe(F.col("own_market"))).count()
    mine = whose.select("item_id", F.col("own_market").alias("market"))
    return [
        Finding("every list is for the market of its user", elsewhere),
        Finding("only what is sold in the user's market", unsold(mine, markets, dataset.item_ids)),
    ]


def unsold(rows: "DataFrame", markets: Markets, item_ids: Texts) -> int:
    """How many of ``rows`` (item_id, market) hold an item that their market does not sell."""
    limited, sold = entries_frame(rows.sparkSession, markets, item_ids)
    named = rows.join(limited, "item_id", "left_semi")
    return int(named.join(sold, ["market", "item_id"], "left_anti").count())


def refuse_unsold(table: str, rows: int) -> None:
    """Stops before a table is written with ``rows`` that hold what their market does not sell.

    Raises:
        ScoringError: there are any.
    """
    if rows:
        raise ScoringError(
            f"{table} is not written: {rows} rows hold an item that their market does not sell",
            do="run score, publish and this stage for the date again",
        )
