"""What texts may say about an item: its title, brand, category and picture, as delivered."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.ranking.rules import BELOW

CUT = "…"
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class ItemFacts:
    """Texts (n,) in the order of a catalogue; empty where unknown.

    Attributes:
        titles: at most as long as the shop allows.
        brands, paths: as delivered.
        categories: the narrowest level of ``paths``.
        images: reference of the first picture.
    """

    titles: Texts
    brands: Texts
    paths: Texts
    categories: Texts
    images: Texts


def facts_of(items: pd.DataFrame, item_ids: Texts, title_chars: int) -> ItemFacts:
    """The facts of ``item_ids``.

    Args:
        items: item_id, title, brand, category and image_ref, one row per item.
    """
    mine = items.set_index("item_id").reindex(item_ids)
    given = {name: mine[name].fillna("").astype(str) for name in ("title", "brand", "category", "image_ref")}
    return ItemFacts(
        _array(_cut(given["title"], title_chars)),
        _array(given["brand"]),
        _array(given["category"]),
        _array(given["category"].str.split(BELOW, regex=False).str[-1]),
        _array(given["image_ref"]),
    )


def _cut(titles: "pd.Series[str]", most: int) -> "pd.Series[str]":
    """Longer titles end at a word, if one ends in their last half."""
    head = titles.str.slice(0, most - len(CUT))
    whole = head.str.replace(rf"(?<=.{{{most // 2}}})\s+\S*$", "", regex=True)
    return titles.where(titles.str.len() <= most, whole.str.rstrip(" ,;:-") + CUT)


def _array(texts: "pd.Series[str]") -> Texts:
    return texts.to_numpy(dtype=object)
