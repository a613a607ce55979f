"""The catalogue's own pairs of picture and text, encoded by the frozen towers, and their split by product."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from causalrec.config import Settings
from causalrec.errors import FeatureError
from causalrec.features.catalogue import latest_items
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.encoders.image_files import LITE
from causalrec.features.encoders.text import text_encoder_id
from causalrec.features.store import latest_vectors
from causalrec.lake import Lake

HELD_OUT_SHARE = 0.15  # share of products used for the reported recalls
VALID_SHARE = 0.1  # share of products used to choose the epoch

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ContentPairs:
    """n distinct pairs of picture and text.

    Attributes:
        image: (n, d) output of the image tower, unit rows.
        text: (n, e) output of the text tower, unit rows.
        image_of, text_of: (n,) number of the picture and of the text; equal numbers mean equal content.
        product_of: (n,) number of the product's name, which colours and sizes of one product share.
    """

    image: Floats
    text: Floats
    image_of: Ints
    text_of: Ints
    product_of: Ints

    def __len__(self) -> int:
        return len(self.image_of)

    def take(self, rows: npt.NDArray[np.int64]) -> "ContentPairs":
        """The chosen pairs."""
        return ContentPairs(
            self.image[rows],
            self.text[rows],
            self.image_of[rows],
            self.text_of[rows],
            self.product_of[rows],
        )


@dataclass(frozen=True)
class Split:
    """Pairs that share no picture, no text and no product name across the three parts."""

    train: ContentPairs
    valid: ContentPairs
    held_out: ContentPairs


def read_pairs(settings: Settings, lake: Lake, ds: dt.date) -> ContentPairs:
    """The pairs of the catalogue of ``ds``, from stored vectors: no tower runs again.

    Raises:
        FeatureError: the configured encoders are not the lite ones, or too few pairs have both vectors.
    """
    features = settings.features
    if LITE not in (features.image.model, features.text.model) or features.image.model != features.text.model:
        raise FeatureError(
            f"features come from {features.image.model} and {features.text.model}, not from the lite towers",
            do="set features.image.model and features.text.model to lite and embed again",
        )
    items = latest_items(lake, ds).dropna(subset=["sha256", "text_key"])
    items = items.drop_duplicates(["sha256", "text_key"])
    pictures, image = latest_vectors(lake, items["sha256"].tolist(), image_encoder_id(features.image))
    wordings, text = latest_vectors(lake, items["text_key"].tolist(), text_encoder_id(features.text))
    image_of, text_of = _places(pictures, items["sha256"]), _places(wordings, items["text_key"])
    both = (image_of >= 0) & (text_of >= 0)
    if int(both.sum()) < settings.align.min_pairs:
        raise FeatureError(
            f"{int(both.sum())} products of {ds} have a picture and a text with vectors, "
            f"{settings.align.min_pairs} are needed",
            do="run embed_images and embed_texts for that date, or align on a larger catalogue",
        )
    image_of, text_of, product_of = image_of[both], text_of[both], _products(items[both])
    return ContentPairs(image[image_of], text[text_of], image_of, text_of, product_of)


def _products(items: pd.DataFrame) -> Ints:
    """(n,) a number per brand and title; an item without a title is its own product."""
    named = items["brand"].fillna("") + "\n" + items["title"]
    return np.asarray(pd.factorize(named.fillna("\n\n" + items["item_id"]))[0], dtype=np.int64)


def split_pairs(pairs: ContentPairs, seed: int) -> Split:
    """Train, validation and held-out pairs; variants of one product are never in different parts.

    Pairs that share a picture, a text or a name, directly or through others, form a group; groups are
    assigned as a whole.
    """
    group = _groups(pairs)
    sizes = np.bincount(group)
    order = np.random.default_rng(seed).permutation(len(sizes))
    # A group counts as held out while the pairs before it fill less than that share: one huge group that
    # comes first would take everything, so the largest goes to training always.
    order = np.concatenate([order[order != sizes.argmax()], [sizes.argmax()]])
    before = np.concatenate([[0], np.cumsum(sizes[order])[:-1]]) / len(pairs)
    part = np.empty(len(sizes), np.int64)
    part[order] = np.searchsorted(np.cumsum([HELD_OUT_SHARE, VALID_SHARE]), before, side="right")
    part[sizes.argmax()] = 2
    held_out, valid, train = (pairs.take(np.flatnonzero(part[group] == number)) for number in range(3))
    if not (len(held_out) and len(valid) and len(train) > 1):
        raise FeatureError(
            f"{len(pairs)} pairs in {len(sizes)} groups cannot be split into three parts",
            do="align on a catalogue with more distinct products",
        )
    return Split(train, valid, held_out)


def _groups(pairs: ContentPairs) -> Ints:
    """(n,) number of the connected component of each pair; pairs are connected by whatever they share."""
    owners, shared, nodes = [], [], len(pairs)
    for part in (pairs.image_of, pairs.text_of, pairs.product_of):
        names, number = np.unique(part, return_inverse=True)
        owners.append(np.arange(len(pairs)))
        shared.append(nodes + number)
        nodes += len(names)
    rows, columns = np.concatenate(owners), np.concatenate(shared)
    edges = coo_array((np.ones(len(rows)), (rows, columns)), shape=(nodes, nodes))
    _, component = connected_components(edges, directed=False)
    _, group = np.unique(component[: len(pairs)], return_inverse=True)
    return np.asarray(group, dtype=np.int64)


def _places(keys: list[str], wanted: pd.Series) -> Ints:
    return np.asarray(pd.Index(keys, dtype=object).get_indexer(pd.Index(wanted)), dtype=np.int64)
