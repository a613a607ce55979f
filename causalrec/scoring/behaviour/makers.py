"""What makes each list of a date, from inputs that they share."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin
from causalrec.ranking.markets import Markets
from causalrec.scoring.behaviour.audience_rows import audience_rows
from causalrec.scoring.behaviour.buy_again import buy_again
from causalrec.scoring.behaviour.carts import cart_lists, open_carts
from causalrec.scoring.behaviour.complements import PairCounts, lifts, listed, pair_counts
from causalrec.scoring.behaviour.personal import unsold_rows
from causalrec.scoring.behaviour.recent import recent_items
from causalrec.scoring.behaviour.shelves import Shelves, shelves_of
from causalrec.scoring.behaviour.trending import trending_items
from causalrec.scoring.behaviour.visits import people_events, visit_items
from causalrec.scoring.market_findings import refuse_unsold
from causalrec.scoring.markets import markets_of
from causalrec.scoring.offered import offered

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

READ = ("events", "products")
AUDIENCES = "audiences"
ITEM = pa.schema([("item_id", pa.string()), ("category", pa.string())])


@dataclass
class ListInputs:
    """Inputs that the lists of one date share; each is computed when first needed."""

    settings: Settings
    lake: Lake
    spark: "SparkSession"
    dataset: Dataset
    ds: dt.date

    def __post_init__(self) -> None:
        self.pins: Mapping[str, Pin] = {pin.table: pin for pin in self.dataset.pins if pin.table in READ}
        self.notes: list[str] = []

    def checked(self, table: str, rows: "DataFrame") -> "DataFrame":
        """``rows``, compared with the shop's own offers before they are written.

        Raises:
            ScoringError: a row holds what its market does not sell.
        """
        if self._markets is None:
            return rows
        kept = rows.cache()
        refuse_unsold(table, unsold_rows(table, kept, self.shelves, self._markets, self.dataset.item_ids))
        return kept

    @cached_property
    def _markets(self) -> Markets | None:
        return markets_of(self.settings.scoring, self.dataset, self.lake, self.ds)

    @cached_property
    def shelves(self) -> Shelves:
        """Where items are sold and users are."""
        return shelves_of(self.spark, self._markets, self.dataset, self.lake, self.ds)

    def makers(self) -> Mapping[str, Callable[[], "DataFrame"]]:
        """Table -> function that makes its rows."""
        chosen, ds, shelves = self.settings.lists, self.ds, self.shelves
        return {
            "complements": lambda: self.complements,
            "substitutes": lambda: listed(self._pairs, chosen, shelves, substitutes=True),
            "cart_lists": self._carts,
            "buy_again": lambda: buy_again(self._allowed_events, chosen, ds, shelves),
            "trending_items": lambda: trending_items(self._allowed_events, self._items, chosen, ds, shelves),
            "recent_items": lambda: recent_items(self._allowed_events, chosen.k, shelves),
            AUDIENCES: self._audiences,
        }

    @cached_property
    def complements(self) -> "DataFrame":
        """Complements of every item, as in the table."""
        return listed(self._pairs, self.settings.lists, self.shelves, substitutes=False).cache()

    @cached_property
    def _events(self) -> "DataFrame":
        return people_events(self.spark, self.lake, self.settings, self.ds, self.pins).cache()

    @cached_property
    def _items(self) -> "DataFrame":
        """item_id and category of the items that the shop's rules allow tonight."""
        may = offered(self.dataset, self.settings.scoring, self.lake, self.ds)
        rows = self.dataset.items.loc[may, ITEM.names]
        return self.spark.createDataFrame(pa.Table.from_pandas(rows, ITEM, preserve_index=False))

    @cached_property
    def _allowed_events(self) -> "DataFrame":
        return self._events.join(self._items.select("item_id"), "item_id", "left_semi")

    @cached_property
    def _pairs(self) -> PairCounts:
        """Counts of all pairs whose second item may be listed."""
        pairs = pair_counts(visit_items(self._events), self.settings.lists)
        others = self._items.select(F.col("item_id").alias("other_item_id"))
        frame = pairs.frame.join(others, "other_item_id", "left_semi").cache()
        return replace(pairs, frame=frame, rates=pairs.rates.join(self._items, "item_id", "left_semi"))

    def _carts(self) -> "DataFrame":
        carts = open_carts(self._events, self.settings.lists, self.ds)
        known = lifts(self._pairs, self.settings.lists)
        return cart_lists(
            carts,
            known,
            self.settings.lists.k,
            usual=self._pairs.rates,
            certain=self.complements,
            shelves=self.shelves,
        )

    def _audiences(self) -> "DataFrame":
        found = audience_rows(self.settings, self.lake, self.dataset, self.ds, self._markets)
        self.notes += found.notes
        return self.spark.createDataFrame(found.rows)
