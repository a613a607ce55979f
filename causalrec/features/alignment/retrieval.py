"""How well one modality retrieves the other: recall at k over distinct contents, both directions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.features.vectors import unit

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
BLOCK = 1_024


@dataclass(frozen=True)
class Retrieval:
    """Recalls by cutoff.

    Attributes:
        pictures, texts: sizes of the two galleries.
        to_text: share of pictures with one of their texts among the k nearest texts.
        to_image: share of texts with one of their pictures among the k nearest pictures.
    """

    pictures: int
    texts: int
    to_text: dict[int, float]
    to_image: dict[int, float]

    def chance(self, k: int) -> float:
        """Recall of a random order, for contents with one match: mean of both directions."""
        return (min(1.0, k / self.texts) + min(1.0, k / self.pictures)) / 2

    def mean(self, k: int) -> float:
        """Mean of both directions."""
        return (self.to_text[k] + self.to_image[k]) / 2

    def overall(self) -> float:
        """Mean over cutoffs and directions."""
        return float(np.mean([self.mean(k) for k in self.to_text]))


def measure_retrieval(
    image: Floats, text: Floats, image_of: Ints, text_of: Ints, cutoffs: Sequence[int]
) -> Retrieval:
    """Recall at k of n pairs in a shared space.

    Args:
        image, text: (n, d) projected vectors of each pair; cosine decides.
        image_of, text_of: (n,) which picture and which text each pair has. Each distinct content is in its
            gallery once, and any pair that has it counts as a match.
    """
    _, first_image, picture = np.unique(image_of, return_index=True, return_inverse=True)
    _, first_text, wording = np.unique(text_of, return_index=True, return_inverse=True)
    pictures, texts = unit(image[first_image]), unit(text[first_text])
    forward = _best_ranks(pictures, texts, picture, wording)
    back = _best_ranks(texts, pictures, wording, picture)
    return Retrieval(
        len(pictures),
        len(texts),
        {k: float((forward < k).mean()) for k in cutoffs},
        {k: float((back < k).mean()) for k in cutoffs},
    )


def _best_ranks(queries: Floats, gallery: Floats, owner: Ints, target: Ints) -> Ints:
    """(q,) the best rank from 0 of any right answer; equal scores count as ranked before it."""
    best = np.full(len(queries), len(gallery), np.int64)
    order = np.argsort(owner, kind="stable")
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        scores = queries[owner[rows]] @ gallery.T
        own = scores[np.arange(len(rows)), target[rows]]
        np.minimum.at(best, owner[rows], (scores >= own[:, None]).sum(axis=1) - 1)
    return best
