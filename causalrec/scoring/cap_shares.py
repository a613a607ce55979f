"""What share of a night's places the capped brands, sellers and categories have, beside what was asked."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.ranking.merchandise.caps import item_caps
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.scoring.offered import with_offers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FOUND, ASKED = "night_share/", "night_cap/"
"""Beginnings of the counters of a group: its share, and the largest that was asked for."""


@dataclass(frozen=True)
class CapShare:
    """One group of a cap, such as a brand: its share of the places, and the largest that was asked for."""

    by: str
    name: str
    found: float
    asked: float

    @property
    def counters(self) -> dict[str, float]:
        """For the ledger."""
        return {f"{FOUND}{self.by} {self.name}": self.found, f"{ASKED}{self.by} {self.name}": self.asked}

    @property
    def note(self) -> str:
        """A sentence about a share that is exceeded; empty where it is kept."""
        if self.found <= self.asked:
            return ""
        return f"{self.by} {self.name} has {self.found:.3f} of the places; its night_share is {self.asked:g}"


def cap_shares(
    lists: "DataFrame", dataset: Dataset, settings: ScoringSettings, lake: Lake, ds: dt.date
) -> Iterator[CapShare]:
    """Of every cap with a ``night_share``, the group with the largest share and all that exceed it.

    Args:
        lists: item_id, one row per place.
    """
    rules = read_merchandise(settings.merchandise)
    if not any(cap.active(ds) and cap.night_share is not None for cap in rules.caps):
        return
    items = with_offers(dataset.items, rules, dataset, lake, ds)
    counts = lists.groupBy("item_id").agg(F.count("*").alias("places")).toArrow()  # a row per item
    places = _places(counts, dataset)
    for cap in item_caps(items, rules, ds):
        if cap.night_share is None or not len(cap.names):
            continue
        mine = cap.codes >= 0
        sums = np.bincount(cap.codes[mine], places[mine], len(cap.names)) / max(places.sum(), 1)
        for group in np.flatnonzero((sums > cap.night_share) | (np.arange(sums.size) == sums.argmax())):
            yield CapShare(cap.by, cap.names[group], float(sums[group]), cap.night_share)


def _places(counts: pa.Table, dataset: Dataset) -> "np.typing.NDArray[np.float64]":
    """How many places (N,) each item of the dataset has."""
    found = counts.to_pandas().set_index("item_id")["places"]
    whole: np.typing.NDArray[np.float64] = found.reindex(dataset.item_ids).fillna(0).to_numpy(dtype=float)
    return whole
