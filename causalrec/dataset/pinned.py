"""The tables behind one dataset, each at one version, as known on its date."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from causalrec.config import Settings
from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.arrivals import all_users, branded_items, events_upto, known_items
from causalrec.dataset.behaviour import arrived
from causalrec.errors import DatasetError
from causalrec.features.catalogue import latest_items, latest_pictures
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin

READ = ("events", "products", "images", "image_features", "text_features")

Versions = dict[str, int | None]


@dataclass(frozen=True)
class Pinned:
    """What a dataset of ``ds`` reads; ``versions`` by table, None for a table that does not exist."""

    settings: Settings
    lake: Lake
    spark: SparkSession
    ds: dt.date
    versions: Versions

    @property
    def chosen(self) -> DatasetSettings:
        """The settings of datasets."""
        return self.settings.dataset

    @property
    def upto(self) -> dt.date:
        """The last arrival of products and pictures that is read."""
        return self.ds if self.chosen.known == "then" else dt.date.max

    @cached_property
    def pins(self) -> list[Pin]:
        """The tables that exist."""
        return [Pin(name, version) for name, version in self.versions.items() if version is not None]

    def raw_events(self, history_days: int) -> DataFrame:
        """Events of the last days (0: of any age) as they were delivered."""
        table, version = self.lake.table("events"), self.versions["events"]
        return events_upto(self.spark, table, self.ds, history_days, version, self.chosen.known)

    @contextmanager
    def events(self) -> Iterator[DataFrame]:
        """Events of the window, each once (:func:`causalrec.dataset.behaviour.arrived`).

        Every table of a dataset reads them, so they are kept while the context is open.
        """
        kept = arrived(self.raw_events(self.chosen.history_days), self.chosen)
        kept = kept.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            yield kept
        finally:
            kept.unpersist()

    def known_items(self) -> DataFrame:
        """item_id of every product."""
        table, version = self.lake.table("products"), self.versions["products"]
        return known_items(self.spark, table, self.ds, version, self.chosen.known)

    def branded_items(self) -> DataFrame:
        """item_id and brand of every product."""
        table, version = self.lake.table("products"), self.versions["products"]
        return branded_items(self.spark, table, self.ds, version, self.chosen.known)

    def users(self) -> pa.Array:
        """Sorted user_id of everyone with any event."""
        table, version = self.lake.table("events"), self.versions["events"]
        return all_users(self.spark, table, self.ds, version, self.chosen.known)

    def items(self) -> pd.DataFrame:
        """The last row of every product."""
        return latest_items(self.lake, self.upto, self.versions)

    def pictures(self) -> pd.DataFrame:
        """The last picture of every reference."""
        return latest_pictures(self.lake, self.upto, self.versions["images"])


def newest(lake: Lake) -> Versions:
    """The version of every table that is read, taken once.

    Raises:
        DatasetError: there are no events or no products yet.
    """
    versions = {name: lake.table(name).version() if lake.table(name).exists() else None for name in READ}
    for name in ("events", "products"):
        if versions[name] is None:
            raise DatasetError(f"table {name} does not exist yet", do=f"run ingest_{name} first")
    return versions


def recorded(pins: tuple[Pin, ...]) -> Versions:
    """The versions that a dataset was built from.

    Raises:
        DatasetError: the pins lack events or products.
    """
    versions: Versions = {**dict.fromkeys(READ), **{pin.table: pin.version for pin in pins}}
    for name in ("events", "products"):
        if versions[name] is None:
            raise DatasetError(f"the pins have no version of {name}", do="rebuild where they were recorded")
    return versions
