"""Hierarchical codes from draws of the shared cause instead of from its mean.

The mean of an item of which little is known lies between the cells, and every such item gets the code of the
middle. Draws of p(shared cause | the other modality) fall into the cells in proportion to their probability:
the codebook is learnt on all draws, and an item gets the code that most of its draws fall into.
"""

import numpy as np
import numpy.typing as npt

from causalrec.config.model import CodebookSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.causal.codebook import Codebook, codebook_size, fit_codebook

Flags = npt.NDArray[np.bool_]


def fit_drawn_codebook(
    draws: Floats, known: Flags, settings: CodebookSettings, seed: int
) -> tuple[Codebook, tuple[Ints, Ints], Floats]:
    """The codebook, the codes of the items, and the share of draws that agree with both codes.

    Args:
        draws: (S, n, dc). known: (n,), items that get a code.
    """
    count, rows, width = draws.shape
    everywhere = np.tile(known, count)
    many, few = codebook_size(int(known.sum()), settings)  # draws of one item are no further items
    sized = settings.model_copy(update={"coarse": many, "fine": few, "items_per_code": 1})
    codebook = fit_codebook(draws.reshape(-1, width), everywhere, sized, seed)
    coarse, fine = (
        part.reshape(count, rows) for part in codebook.assign(draws.reshape(-1, width), everywhere)
    )
    codes, agreed = common_codes(coarse, fine, codebook.counts.shape[1])
    flat = codes[0][known] * codebook.counts.shape[1] + codes[1][known]
    counts = np.bincount(flat, minlength=codebook.counts.size).reshape(codebook.counts.shape)
    return Codebook(codebook.coarse, codebook.fine, counts.astype(np.int32)), codes, agreed


def common_codes(coarse: Ints, fine: Ints, width: int) -> tuple[tuple[Ints, Ints], Floats]:
    """Per item the commonest coarse code of (S, n) draws and the commonest fine code inside it, else -1.

    A tie goes to the smaller code. The share counts draws that agree with both.
    """
    first = _commonest(coarse, int(coarse.max(initial=0)) + 1)
    inside = np.where(coarse == first, fine, -1)
    second = np.where(first >= 0, _commonest(inside, width), -1).astype(np.int32)
    agreed = ((coarse == first) & (fine == second) & (first >= 0)).mean(axis=0)
    return (first, second), agreed.astype(np.float32)


def _commonest(values: Ints, kinds: int) -> Ints:
    rows = values.shape[1]
    counts = np.zeros((rows, kinds), dtype=np.int64)
    draw, item = np.nonzero(values >= 0)
    np.add.at(counts, (item, values[draw, item]), 1)
    best: Ints = np.where(counts.any(axis=1), counts.argmax(axis=1), -1).astype(np.int32)
    return best
