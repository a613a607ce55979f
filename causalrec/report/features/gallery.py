"""Items with several pictures, and how similar the others are to the first."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalrec.features.catalogue import latest_pictures
from causalrec.features.store import latest_vectors
from causalrec.lake import Lake


@dataclass(frozen=True)
class GalleryPicture:
    """One picture; ``cosine`` is that of its vector to the item's first picture, None without vectors."""

    position: int
    reference: str
    cosine: float | None


@dataclass(frozen=True)
class Gallery:
    """All usable pictures of one item in the shop's order."""

    item_id: str
    pictures: tuple[GalleryPicture, ...]


@dataclass(frozen=True)
class Galleries:
    """Items with more than one usable picture among those sampled, and the ones to show.

    Attributes:
        items: how many there are. pictures: of all items together.
        shown: those with the least similar pictures first, where a wrong one is most likely.
    """

    items: int
    pictures: int
    shown: tuple[Gallery, ...]


def read_galleries(lake: Lake, ds: dt.date, items: pd.Series, encoder_id: str, count: int) -> Galleries:
    """At most ``count`` galleries of ``items`` (their ids) on a date."""
    pictures = latest_pictures(lake, ds)
    pictures = pictures[pictures["item_id"].isin(items)]
    several = pictures[pictures.duplicated("item_id", keep=False)].reset_index(drop=True)
    if several.empty:
        return Galleries(0, len(pictures), ())
    several["cosine"] = _to_first(lake, several, encoder_id)
    least = several.groupby("item_id")["cosine"].min()
    chosen = least.sort_values(kind="stable").index[:count]  # items without vectors come last
    shown = [
        Gallery(
            str(item),
            tuple(
                GalleryPicture(
                    int(row.position), str(row.image_ref), None if np.isnan(row.cosine) else row.cosine
                )
                for row in several[several["item_id"] == item].itertuples()
            ),
        )
        for item in chosen
    ]
    return Galleries(len(least), len(pictures), tuple(shown))


def _to_first(lake: Lake, several: pd.DataFrame, encoder_id: str) -> pd.Series:
    """Cosine of every picture to the first one of its item; NaN where a vector is missing."""
    keys, vectors = latest_vectors(lake, several["sha256"].tolist(), encoder_id)
    first = several.groupby("item_id")["sha256"].transform("first")
    place = pd.Index(keys, dtype=object)
    own, base = (place.get_indexer(pd.Index(column, dtype=object)) for column in (several["sha256"], first))
    known = (own >= 0) & (base >= 0)
    cosine = np.full(len(several), np.nan)
    cosine[known] = np.einsum("nd,nd->n", vectors[own[known]], vectors[base[known]])
    return pd.Series(cosine, index=several.index)
