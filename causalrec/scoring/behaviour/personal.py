"""What a single user may not get, taken out of the lists that belong to users or to visitors of a market."""

import datetime as dt
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.scoring.export.night import KEYS
from causalrec.scoring.markets import PUBLISHED, entries_frame, markets_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

OF_USERS = ("cart_lists", "buy_again", "recent_items", "audiences")
OF_VISITORS = ("trending_items",)


def permitted(
    settings: Settings,
    lake: Lake,
    spark: "SparkSession",
    dataset: Dataset,
    ds: dt.date,
    table: str,
    rows: "DataFrame",
) -> "DataFrame":
    """The rows of a table without what is hidden from a user and what is not sold in their market.

    Lists for visitors hold what is sold in the home market. Ranks close up.
    """
    if table not in (*OF_USERS, *OF_VISITORS):
        return rows
    kept = rows
    pairs = read_merchandise(settings.scoring.merchandise).hidden_pairs()
    if table in OF_USERS and pairs.num_rows:
        kept = kept.join(spark.createDataFrame(pairs), ["user_id", "item_id"], "left_anti")
    markets = markets_of(settings.scoring, dataset, lake, ds)
    if markets is not None:
        at = F.lit(markets.home)
        if table in OF_USERS:
            where, columns = {"ds": [ds.isoformat()]}, ["user_id", "rank", "market"]
            lists = read_frame(spark, lake.table(PUBLISHED), where, columns).where(F.col("rank") == 1)
            kept = kept.join(lists.select("user_id", "market"), "user_id", "left")
            at = F.coalesce(F.col("market"), at)
        limited, sold = entries_frame(spark, markets, dataset.item_ids)
        marked = kept.withColumn("market", at).join(
            limited.withColumn("limited", F.lit(True)), "item_id", "left"
        )
        marked = marked.join(sold.withColumn("sold", F.lit(True)), ["market", "item_id"], "left")
        kept = marked.where(F.col("limited").isNull() | F.col("sold").isNotNull())
    if kept is rows:
        return rows
    order = Window.partitionBy(KEYS[table]).orderBy("rank")
    return kept.withColumn("rank", F.row_number().over(order)).select(*rows.columns)
