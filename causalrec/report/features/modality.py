"""The vectors of one modality with the items that have them."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config import Settings
from causalrec.features.catalogue import latest_items
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.encoders.text import text_encoder_id
from causalrec.features.store import latest_vectors
from causalrec.lake import Lake

Floats = npt.NDArray[np.float32]
KEY_OF = {"picture": "sha256", "text": "text_key"}


@dataclass(frozen=True)
class Modality:
    """Distinct contents and their vectors.

    Attributes:
        name: ``picture`` or ``text``.
        encoder_id: encoder of ``vectors``.
        keys: (m,) content keys that have a vector.
        vectors: (m, d).
        items: (m,) for each content the first item that has it.
        missing: contents of the sample without a vector.
    """

    name: str
    encoder_id: str
    keys: list[str]
    vectors: Floats
    items: list[str]
    missing: int

    @property
    def column(self) -> str:
        """Column of the catalogue that holds the content key."""
        return KEY_OF[self.name]


def sampled_items(lake: Lake, ds: dt.date, count: int) -> tuple[pd.DataFrame, int]:
    """At most ``count`` items of the catalogue of ``ds`` in the order of a hash of their ids, and the total.

    An item's position depends only on its id, so two dates show the same items, and any prefix of the sample
    is itself a sample.
    """
    items = latest_items(lake, ds)
    order = np.argsort(pd.util.hash_array(items["item_id"].to_numpy(dtype=object)), kind="stable")
    return items.iloc[order[:count]].reset_index(drop=True), len(items)


def encoder_ids(settings: Settings) -> dict[str, str]:
    """Modality -> id of the configured encoder."""
    features = settings.features
    return {"picture": image_encoder_id(features.image), "text": text_encoder_id(features.text)}


def read_modality(lake: Lake, items: pd.DataFrame, name: str, encoder_id: str) -> Modality:
    """The vectors of the items' contents, contents in the order of the items."""
    first = items.dropna(subset=[KEY_OF[name]]).drop_duplicates(KEY_OF[name])
    wanted = first[KEY_OF[name]].tolist()
    keys, vectors = latest_vectors(lake, wanted, encoder_id)
    place = pd.Index(keys, dtype=object).get_indexer(pd.Index(wanted, dtype=object))
    has = place >= 0
    kept = first[has]
    return Modality(
        name,
        encoder_id,
        kept[KEY_OF[name]].tolist(),
        vectors[place[has]],
        kept["item_id"].tolist(),
        int((~has).sum()),
    )
