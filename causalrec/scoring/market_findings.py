"""The rules of publishing in a shop with markets, found out anew from its events and products."""

import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
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
    limited, sold = entries_frame(spark, markets, dataset.item_ids)
    unsold = whose.join(limited, "item_id", "left_semi").drop("market")
    unsold = unsold.withColumnRenamed("own_market", "market").join(sold, ["market", "item_id"], "left_anti")
    return [
        Finding("every list is for the market of its user", elsewhere),
        Finding("only what is sold in the user's market", unsold.count()),
    ]
