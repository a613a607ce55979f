"""The stage that makes the configured lists, one table each."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake
from causalrec.lake.bridge import write_frame
from causalrec.lake.outcome import Outcome, Pin, Written
from causalrec.ranking.merchandise.rules_file import merchandise_input
from causalrec.registry.champion.alias import champion_number
from causalrec.registry.pins import dataset_row
from causalrec.scoring.behaviour.audience_rows import audience_rows
from causalrec.scoring.behaviour.buy_again import buy_again
from causalrec.scoring.behaviour.carts import cart_lists, open_carts
from causalrec.scoring.behaviour.complements import PairCounts, lifts, listed, pair_counts
from causalrec.scoring.behaviour.personal import permitted
from causalrec.scoring.behaviour.recent import recent_items
from causalrec.scoring.behaviour.trending import trending_items
from causalrec.scoring.behaviour.visits import people_events, visit_items
from causalrec.scoring.offered import offered, offers_input

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

READ = ("events", "products")
AUDIENCES = "audiences"
ITEM = pa.schema([("item_id", pa.string()), ("category", pa.string())])


def behaviour_inputs(settings: Settings, lake: Lake, ds: dt.date) -> dict[str, str]:
    """The dataset, the settings of lists and rules, and the champion if there are audiences."""
    chosen = settings.lists.model_dump_json() + settings.scoring.model_dump_json()
    inputs = {
        "dataset": dataset_row(lake, ds)["dataset_id"] if settings.lists.tables else "",
        "lists": hashlib.sha256(chosen.encode()).hexdigest(),
    }
    if settings.lists.tables:
        inputs |= merchandise_input(settings.scoring.merchandise) | offers_input(lake, ds, settings.scoring)
    if AUDIENCES in settings.lists.tables:
        inputs["champion"] = champion_number(settings, lake)
    return inputs


def behaviour_lists(
    settings: Settings, lake: Lake, spark: "Callable[[], SparkSession]", ds: dt.date
) -> Outcome:
    """Replaces the partition of every table that ``lists.tables`` names; Spark starts only if there is one.

    Raises:
        DatasetError: there is no dataset of ``ds``. RegistryError: audiences are configured, and there is no
            champion.
    """
    if not settings.lists.tables:
        return Outcome(note="no lists from behaviour are asked for (lists.tables)")
    dataset = load_dataset(settings, lake, ds)
    night = ListInputs(settings, lake, spark(), dataset, ds)
    makers = night.makers()
    written, notes = [], []
    for table in dict.fromkeys(settings.lists.tables):
        found = permitted(settings, lake, night.spark, dataset, ds, table, makers[table]())
        written.append(_written(lake, table, found, dataset, ds))
        if not written[-1].rows:
            notes.append(f"{table}: nothing to list")
    return Outcome(
        rows_in=dataset.data.n_users,
        rows_out=sum(one.rows for one in written),
        reads=tuple(night.pins.values()),
        writes=tuple(written),
        counters={f"rows_{one.table}": float(one.rows) for one in written},
        note="\n".join([*notes, *night.notes]),
    )


def _written(lake: Lake, table: str, frame: "DataFrame", dataset: Dataset, ds: dt.date) -> Written:
    labelled = frame.withColumns({"dataset_id": F.lit(dataset.dataset_id), "ds": F.lit(ds)})
    names = lake.table(table).schema.names
    (written,) = write_frame(
        labelled.select(*names), lake.table(table), [{"ds": ds.isoformat()}], allow_empty=True
    )
    return written


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

    def makers(self) -> Mapping[str, Callable[[], "DataFrame"]]:
        """Table -> function that makes its rows."""
        chosen, ds = self.settings.lists, self.ds
        return {
            "complements": lambda: self.complements,
            "substitutes": lambda: listed(self._pairs, chosen, substitutes=True),
            "cart_lists": self._carts,
            "buy_again": lambda: buy_again(self._allowed_events, chosen, ds),
            "trending_items": lambda: trending_items(self._allowed_events, self._items, chosen, ds),
            "recent_items": lambda: recent_items(self._allowed_events, chosen.k),
            AUDIENCES: self._audiences,
        }

    @cached_property
    def complements(self) -> "DataFrame":
        """Complements of every item, as in the table."""
        return listed(self._pairs, self.settings.lists, substitutes=False).cache()

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
            carts, known, self.settings.lists.k, usual=self._pairs.rates, certain=self.complements
        )

    def _audiences(self) -> "DataFrame":
        found = audience_rows(self.settings, self.lake, self.dataset, self.ds)
        self.notes += found.notes
        return self.spark.createDataFrame(found.rows)
