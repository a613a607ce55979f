"""The learnt confounders: each code with pictures, words, and the effect of the adjustment."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Ints
from causalrec.report.review.facts import Reviewed
from causalrec.report.review.lists import SampledLists

WORD = re.compile(r"[^\W\d_]{3,}")
SMOOTHING = 1.0  # smoothing: titles of the whole catalogue added to every code
LEAST_TITLES = 2


@dataclass(frozen=True)
class CodeCard:
    """One coarse code.

    Attributes:
        prior: share of the catalogue that carries it.
        chosen: share of the training interactions. shift: how far its items' scores are above the raw
        model's, in standard deviations. before, after: places in the sampled lists of the raw model and of
        this one; these and shift are None without a raw model.
        words: over-represented in its titles. items: row numbers, most chosen first.
    """

    code: int
    name: str
    items_total: int
    prior: float
    chosen: float
    shift: float | None
    before: int | None
    after: int
    words: tuple[str, ...]
    items: tuple[int, ...]


def gallery(reviewed: Reviewed, lists: SampledLists, most: int, pictures: int, words: int) -> list[CodeCard]:
    """Codes that moved most relative to the raw model first; empty for a model without codes."""
    tables = reviewed.tables
    if tables is None or not (tables.coarse >= 0).any():
        return []
    coarse = tables.coarse
    codes = int(coarse.max()) + 1
    carried = coarse >= 0
    sizes = np.bincount(coarse[carried], minlength=codes)
    demand = np.bincount(coarse[carried], tables.popularity[carried], minlength=codes)
    after = _places(lists, lists.mine, coarse, codes)
    before = None if lists.raw is None else _places(lists, lists.raw, coarse, codes)
    shift = np.bincount(coarse[carried], lists.shift[carried], minlength=codes) / np.maximum(sizes, 1)
    named = _names(tables.code_names, codes)
    typical = _words(reviewed, codes, words)
    cards = [
        CodeCard(
            code,
            named[code],
            int(sizes[code]),
            float(sizes[code] / carried.sum()),
            float(demand[code] / max(demand.sum(), 1.0)),
            None if before is None else float(shift[code]),
            None if before is None else int(before[code]),
            int(after[code]),
            typical[code],
            _pictured(reviewed, np.flatnonzero(coarse == code), pictures),
        )
        for code in map(int, np.flatnonzero(sizes))
    ]
    return sorted(cards, key=lambda card: (-abs(card.shift or 0.0), -card.after, card.code))[:most]


def _places(lists: SampledLists, found: Ints, coarse: Ints, codes: int) -> npt.NDArray[np.float64]:
    """Number of places (codes,) that the items of each code take in the lists ``found``."""
    carried = coarse >= 0
    counts = lists.counts(found, coarse.size)[carried]
    return np.bincount(coarse[carried], counts, minlength=codes).astype(np.float64)


def _names(known: tuple[str, ...], codes: int) -> list[str]:
    return [known[code] if code < len(known) and known[code] else f"code {code}" for code in range(codes)]


def _pictured(reviewed: Reviewed, rows: "np.typing.NDArray[np.intp]", most: int) -> tuple[int, ...]:
    """Most chosen first; items with a picture before those without."""
    items = reviewed.dataset.items
    bare = items["image_ref"].isna().to_numpy()[rows]
    order = np.lexsort((rows, -items["popularity"].to_numpy()[rows], bare))
    return tuple(int(row) for row in rows[order[:most]])


def _words(reviewed: Reviewed, codes: int, most: int) -> list[tuple[str, ...]]:
    """Per code the words of titles with the highest smoothed lift P(word | code) / P(word)."""
    coarse = reviewed.tables.coarse if reviewed.tables is not None else np.empty(0, np.int32)
    titles = reviewed.dataset.items["title"].fillna("").str.lower()
    found = titles.str.findall(WORD).map(set).explode().dropna()
    rows = found.index.to_numpy(dtype=np.int64)
    kept = coarse[rows] >= 0
    vocabulary, word = np.unique(found.to_numpy(dtype=str)[kept], return_inverse=True)
    counts = np.zeros((codes, vocabulary.size))
    np.add.at(counts, (coarse[rows[kept]], word), 1.0)
    usual = counts.sum(axis=0) / max(int((coarse >= 0).sum()), 1)
    sizes = np.bincount(coarse[coarse >= 0], minlength=codes)[:, None]
    lift = (counts + SMOOTHING * usual) / (sizes + SMOOTHING) / np.where(usual > 0, usual, 1.0)
    lift[counts < LEAST_TITLES] = 0.0
    best = np.argsort(-lift, axis=1, kind="stable")[:, :most]
    return [tuple(str(vocabulary[i]) for i in row if lift[code, i] > 1) for code, row in enumerate(best)]
