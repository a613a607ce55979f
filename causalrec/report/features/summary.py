"""Everything the features page shows about one modality."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.feature_page import FeaturePageSettings
from causalrec.lake import Lake, Ledger
from causalrec.report.features.drift import Drift, read_drift
from causalrec.report.features.duplicates import DuplicateGroups, equal_content, near_equal
from causalrec.report.features.encoders import EncoderLine, encoder_lines
from causalrec.report.features.modality import Modality
from causalrec.report.features.neighbours import Neighbours, all_neighbours
from causalrec.report.features.projection import Map, draw_map, leaf_category

DUPLICATE = 0.97  # cosine from which two different pictures, or texts, count as near duplicates

NEIGHBOURS = 5  # neighbours shown per item
DUPLICATES = 6  # groups of duplicates shown of each kind
CATEGORIES = 8  # categories that have a colour on the map

GROUP_ITEMS = 6  # items shown per group of duplicates
MAP_POINTS = 2_000


@dataclass(frozen=True)
class Neighbour:
    """A neighbour and its cosine."""

    item_id: str
    cosine: float


@dataclass(frozen=True)
class Summary:
    """One modality.

    Attributes:
        same_category: share of neighbours in the category of their query; ``chance`` is the share among
            random pairs.
        nearest: item id of a query -> its neighbours.
    """

    modality: Modality
    encoders: list[EncoderLine]
    drift: Drift | None
    equal: DuplicateGroups
    near: DuplicateGroups
    same_category: float | None
    chance: float | None
    nearest: dict[str, tuple[Neighbour, ...]]
    map: Map


def summarise(
    page: FeaturePageSettings,
    lake: Lake,
    ledger: Ledger,
    ds: dt.date,
    items: pd.DataFrame,
    modality: Modality,
    queries: list[str],
) -> Summary:
    """Read and measure; ``items`` is the sample that ``modality`` was read for."""
    found = all_neighbours(modality.vectors, NEIGHBOURS)
    by_item = items.set_index("item_id")
    category = pd.Series(leaf_category(by_item["category"]), index=by_item.index)
    label = category.loc[modality.items].to_numpy(dtype=object)
    titles = by_item["title"].fillna(by_item.index.to_series())
    shown = slice(0, MAP_POINTS)
    return Summary(
        modality=modality,
        encoders=encoder_lines(lake, modality, items),
        drift=read_drift(lake, ledger, ds, modality, page.sample, NEIGHBOURS),
        equal=equal_content(items, modality.column, DUPLICATES, GROUP_ITEMS),
        near=near_equal(modality, found, DUPLICATE, DUPLICATES, GROUP_ITEMS),
        same_category=found.same(label),
        chance=_chance(label),
        nearest=_nearest(modality, found, by_item, queries),
        map=draw_map(
            modality.vectors[shown], titles.loc[modality.items[shown]].tolist(), label[shown], CATEGORIES
        ),
    )


def _chance(label: npt.NDArray[np.object_]) -> float | None:
    """Probability that two random labelled contents share their label."""
    sizes = pd.Series(label, dtype=object).dropna().value_counts().to_numpy(dtype=np.float64)
    total = sizes.sum()
    return float((sizes * (sizes - 1)).sum() / (total * (total - 1))) if total > 1 else None


def _nearest(
    modality: Modality, found: Neighbours, by_item: pd.DataFrame, queries: list[str]
) -> dict[str, tuple[Neighbour, ...]]:
    place = pd.Index(modality.keys, dtype=object)
    rows = place.get_indexer(pd.Index(by_item.loc[queries, modality.column], dtype=object))
    return {
        item: tuple(
            Neighbour(modality.items[other], float(cosine))
            for other, cosine in zip(found.rows[row], found.cosines[row], strict=True)
            if other >= 0
        )
        for item, row in zip(queries, rows, strict=True)
        if row >= 0
    }
