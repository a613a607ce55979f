"""Chooses a list from a pool of good items: caps per category and brand, and diversity (MMR)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.ranking.topk import Indices, TopK

NOTHING = -1


@dataclass(frozen=True)
class Cap:
    """At most ``most`` items of one code; items of code -1 are not counted. ``codes`` (N,) per item."""

    codes: npt.NDArray[np.int32]
    most: int


def as_matrix(top: TopK, n_rows: int) -> tuple[Indices, Floats]:
    """Items and scores (n_rows, width) of a pool by place, padded with -1 and -inf."""
    width = int(top.ranks.max(initial=0))
    items = np.full((n_rows, width), NOTHING)
    scores = np.full((n_rows, width), -np.inf, dtype=np.float32)
    items[top.rows, top.ranks - 1] = top.columns
    scores[top.rows, top.ranks - 1] = top.scores
    return items, scores


def choose(
    items: Indices,
    scores: Floats,
    k: int,
    caps: Sequence[Cap],
    units: Floats | None,
    diversity: float,
    drawn: Indices | None = None,
) -> Indices:
    """Greedy choice of up to ``k`` places of each pool row (B, <= k), in the order chosen, padded with -1.

    The next item is the one with the largest (1 - diversity) relevance - diversity * (largest cosine to an
    item chosen before) that no cap forbids; ties by place in the pool. Relevance is the score scaled to
    [0, 1] within the pool (Carbonell and Goldstein 1998).

    Args:
        items, scores: (B, P) pool in descending order of score, -1 and -inf at the end.
        units: (N, d) unit item states; needed for ``diversity`` over 0.
        drawn: (B, D) items that the lists have elsewhere, -1 for none; they count for the caps.
    """
    rows = np.arange(items.shape[0])
    relevance = _scaled(scores)
    open_places = items != NOTHING
    codes = [np.where(open_places, cap.codes[items], NOTHING) for cap in caps]
    used = [np.zeros(items.shape, dtype=np.int32) for _ in caps]
    for cap, code, count in zip(caps, codes, used, strict=True):
        for there in () if drawn is None else drawn.T:  # a few places
            count += _same(code, np.where(there != NOTHING, cap.codes[there], NOTHING)[:, None])
        open_places &= count < cap.most
    states = None if units is None or diversity == 0 else units[np.maximum(items, 0)]
    nearest = np.zeros(items.shape, dtype=np.float32)
    picks = []
    for step in range(min(k, items.shape[1])):
        value = np.where(open_places, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        pick = value.argmax(axis=1)
        found = open_places[rows, pick]
        picks.append(np.where(found, pick, NOTHING))
        open_places[rows, pick] = False
        for cap, code, count in zip(caps, codes, used, strict=True):
            count += _same(code, code[rows, pick][:, None]) & found[:, None]
            open_places &= count < cap.most
        if states is not None:
            cosine = np.matmul(states, states[rows, pick][:, :, None])[:, :, 0].round(5)
            nearest = cosine if step == 0 else np.maximum(nearest, cosine)
    return np.stack(picks, axis=1) if picks else np.empty((items.shape[0], 0), dtype=np.int64)


def _same(codes: npt.NDArray[np.int32], code: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Whether each place (B, P) has the row's ``code`` (B, 1)."""
    found: npt.NDArray[np.bool_] = (codes == code) & (code != NOTHING)
    return found


def _scaled(scores: Floats) -> Floats:
    finite = np.isfinite(scores)
    high = scores.max(axis=1, initial=-np.inf, where=finite)[:, None]
    low = scores.min(axis=1, initial=np.inf, where=finite)[:, None]
    width = np.where(high > low, high - low, 1)
    scaled: Floats = np.where(finite, (np.where(finite, scores, 0) - np.where(finite, low, 0)) / width, 0)
    return scaled.astype(np.float32)
