"""What a single user may not get: taken out of their lists, or found in them before they are written."""

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.markets import BETWEEN, Markets
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.scoring.behaviour.shelves import MARKET, MARKETS, Shelves
from causalrec.scoring.export.night import KEYS
from causalrec.scoring.market_findings import unsold

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

OF_USERS = ("cart_lists", "buy_again", "recent_items", "audiences")
OF_ITEMS = ("complements", "substitutes")


def permitted(settings: Settings, table: str, rows: "DataFrame") -> "DataFrame":
    """The rows of a table without what is hidden from a user; ranks close up."""
    if table not in OF_USERS:
        return rows
    pairs = read_merchandise(settings.scoring.merchandise).hidden_pairs()
    if not pairs.num_rows:
        return rows
    kept = rows.join(rows.sparkSession.createDataFrame(pairs), ["user_id", "item_id"], "left_anti")
    order = Window.partitionBy(KEYS[table]).orderBy("rank")
    return kept.withColumn("rank", F.row_number().over(order)).select(*rows.columns)


def unsold_rows(table: str, rows: "DataFrame", shelves: Shelves, markets: Markets, item_ids: Texts) -> int:
    """How many rows hold an item that the user's market, or one that the row names, does not sell."""
    if table in OF_USERS:
        placed = shelves.placed(rows)
    else:
        every = F.lit(BETWEEN.join(markets.names))
        placed = rows.withColumn(MARKET, F.explode(F.split(F.coalesce(MARKETS, every), BETWEEN)))
    item = "other_item_id" if table in OF_ITEMS else "item_id"
    return unsold(placed.select(F.col(item).alias("item_id"), MARKET), markets, item_ids)
