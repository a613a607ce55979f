"""Where items are sold and where users are, for lists that are made with Spark.

A shop without markets is one nameless market that sells everything to everybody.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from causalrec.dataset.load import Dataset
from causalrec.errors import ScoringError
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame
from causalrec.ranking.markets import BETWEEN, Markets
from causalrec.scoring.markets import PUBLISHED, entries_frame

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAMELESS = ""
ITEM, USER = "item_id", "user_id"
MARKET, MARKETS = "market", "markets"
AT = "at"  # array of the names of markets that sell an item


@dataclass(frozen=True)
class Shelves:
    """The markets of a night; without ``limited`` there are none.

    Attributes:
        names: of all markets.
        home: market of users who are not in ``users``.
        limited: item_id and ``at`` of the items that are not sold everywhere.
        users: user_id and market.
    """

    names: tuple[str, ...] = (NAMELESS,)
    home: str = NAMELESS
    limited: DataFrame | None = None
    users: DataFrame | None = None

    def placed(self, rows: DataFrame) -> DataFrame:
        """``rows`` of users, with the market of each."""
        if self.users is None:
            return rows.withColumn(MARKET, F.lit(self.home))
        return rows.join(self.users, USER, "left").withColumn(MARKET, F.coalesce(MARKET, F.lit(self.home)))

    def for_users(self, rows: DataFrame) -> DataFrame:
        """The rows (user_id, item_id) whose item is sold in the user's market."""
        if self.limited is None:
            return rows
        here = self._told(self.placed(rows), ITEM).where(F.array_contains(AT, F.col(MARKET)))
        return here.select(*rows.columns)

    def each(self, rows: DataFrame, item: str = ITEM) -> DataFrame:
        """``rows`` once for every market that sells the item in the column ``item``."""
        if self.limited is None:
            return rows.withColumn(MARKET, F.lit(self.home))
        return self._told(rows, item).withColumn(MARKET, F.explode(AT)).drop(AT)

    def best(
        self, rows: DataFrame, by: str, order: Sequence[Column | str], k: int, item: str = ITEM
    ) -> DataFrame:
        """The ``k`` best rows of every ``by``, with ``rank`` and ``markets``.

        Where markets count, the ``k`` best of every market in one list, and ``markets`` names those that sell
        the item, with commas between; null: all do. A list that belongs to an item is made for the markets
        that sell this one, too.

        Args:
            item: column of the items that are listed; one row per ``by`` and item.
        """
        place = F.row_number().over(Window.partitionBy(by).orderBy(*order))
        if self.limited is None:
            ranked = rows.withColumn("rank", place).where(F.col("rank") <= k)
            return ranked.withColumn(MARKETS, F.lit(None).cast("string"))
        told = self._told(rows, item)
        where = F.col(AT)
        if by == ITEM:
            own = self.limited.select(F.col(ITEM).alias(by), F.col(AT).alias("own"))
            told = told.join(own, by, "left")
            where = F.array_intersect(AT, F.coalesce("own", self._everywhere))
        among = F.row_number().over(Window.partitionBy(by, MARKET).orderBy(*order))
        each = told.withColumn(MARKET, F.explode(where)).withColumn("among", among)
        once = each.where(F.col("among") <= k).dropDuplicates([by, item])
        everywhere = F.size(AT) == len(self.names)
        named = once.withColumn(MARKETS, F.when(~everywhere, F.array_join(AT, BETWEEN)))
        return named.withColumn("rank", place).drop(AT, MARKET, "among", "own")

    @property
    def _everywhere(self) -> Column:
        return F.array(*map(F.lit, self.names))

    def _told(self, rows: DataFrame, item: str) -> DataFrame:
        """``rows`` with ``at``; only where markets count."""
        assert self.limited is not None  # noqa: S101 - callers asked
        limited = self.limited.select(F.col(ITEM).alias(item), AT)
        return rows.join(limited, item, "left").withColumn(AT, F.coalesce(AT, self._everywhere))


ONE_FOR_ALL = Shelves()


def shelves_of(
    spark: "SparkSession", markets: Markets | None, dataset: Dataset, lake: Lake, ds: dt.date
) -> Shelves:
    """The markets of ``ds``; users are where their published lists say.

    Raises:
        ScoringError: markets count, and no lists of ``ds`` are published.
    """
    if markets is None:
        return Shelves()
    published = read_frame(spark, lake.table(PUBLISHED), {"ds": [ds.isoformat()]}, [USER, "rank", MARKET])
    first = published.where(F.col("rank") == 1)
    if first.isEmpty():
        raise ScoringError(f"no lists of {ds} are published, which say where users are", do="run publish")
    known = F.col(MARKET).isin(*markets.names)
    users = first.select(USER, F.when(known, F.col(MARKET)).otherwise(markets.home).alias(MARKET))
    limited, sold = entries_frame(spark, markets, dataset.item_ids)
    at = sold.groupBy(ITEM).agg(F.sort_array(F.collect_set(MARKET)).alias(AT))
    nowhere = F.array().cast("array<string>")
    told = limited.join(at, ITEM, "left").withColumn(AT, F.coalesce(AT, nowhere))
    return Shelves(markets.names, markets.home, told, users)
