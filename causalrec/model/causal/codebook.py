"""Module 2a, hierarchical matching: items quantised into coarse cells and fine codes inside each cell.

Assumption: items with the same code are exchangeable with respect to the confounder (they share brand, style,
category), so that comparisons inside a cell compare like with like. Matching is exact on the coarse
cell, then nearest among the cell's fine prototypes.

The confounder states are frozen, so the codebooks are learned once, without gradients (van den Oord et
al. 2017, appendix A.1: exponential moving averages), started by k-means, with re-seeding of codes that
lose their items.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.config.model import CodebookSettings
from causalrec.dataset.arrays import Floats, Ints

BATCH = 1_024  # items of one step
RESEED_BELOW = 2.0  # a code with fewer items is re-seeded

LLOYD_ROUNDS = 10
ROW_BLOCK = 8_192


@dataclass(frozen=True)
class Codebook:
    """Coarse prototypes (K1, dc), residual prototypes (K1, K2, dc), and items per code (K1, K2)."""

    coarse: Floats
    fine: Floats
    counts: Ints

    def assign(self, states: Floats, known: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Coarse and fine code per row, -1 if the row is not known. Empty codes are never assigned."""
        first = np.full(states.shape[0], -1, dtype=np.int32)
        second = first.copy()
        rows = np.flatnonzero(known)
        for start in range(0, rows.size, ROW_BLOCK):
            block = rows[start : start + ROW_BLOCK]
            first[block] = _nearest(states[block], self.coarse, self.counts.sum(axis=1) > 0)
            second[block] = _nearest_inside(
                states[block] - self.coarse[first[block]], self.fine, first[block], self.counts > 0
            )
        return first, second

    def weighted(self, codes: tuple[Ints, Ints], weight: Floats) -> "Codebook":
        """The same codes with items counted by ``weight`` (n,); a code with an item counts at least one."""
        known = codes[0] >= 0
        flat = codes[0][known] * self.counts.shape[1] + codes[1][known]
        total = np.bincount(flat, weight[known], minlength=self.counts.size).reshape(self.counts.shape)
        counts = np.where(self.counts > 0, np.maximum(np.rint(total), 1), 0).astype(np.int32)
        return Codebook(self.coarse, self.fine, counts)

    def vectors(self) -> Floats:
        """Prototype of every pair of codes, (K1 * K2, dc); row k1 * K2 + k2."""
        total: Floats = self.coarse[:, None, :] + self.fine
        return total.reshape(-1, self.coarse.shape[1])

    def facts(self) -> dict[str, float]:
        """Perplexity of coarse codes and share of coarse codes without an item."""
        share = self.counts.sum(axis=1) / max(self.counts.sum(), 1)
        live = share[share > 0]
        return {
            "perplexity": float(np.exp(-(live * np.log(live)).sum())),
            "codes": float(self.coarse.shape[0]),
            "dead_share": float((share == 0).mean()),
        }

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays for a saved model."""
        return {"coarse": self.coarse, "fine": self.fine, "counts": self.counts}

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any]]) -> "Codebook":
        """The inverse of :meth:`pack`."""
        return Codebook(arrays["coarse"], arrays["fine"], arrays["counts"])


def fit_codebook(
    states: Floats, known: npt.NDArray[np.bool_], settings: CodebookSettings, seed: int
) -> Codebook:
    """Learns both levels on the known rows; sizes shrink so that a code has enough items for comparisons."""
    rng = np.random.default_rng(seed)
    rows = states[known]
    size = settings.items_per_code
    many, few = codebook_size(rows.shape[0], settings)
    coarse = _quantise(rows, many, settings, rng)
    first = _nearest(rows, coarse, np.ones(many, dtype=np.bool_))
    residual = rows - coarse[first]
    fine = np.zeros((many, few, states.shape[1]), dtype=np.float32)
    if few > 1:
        for cell in range(many):
            inside = residual[first == cell]
            distinct = min(few, inside.shape[0] // size)
            if distinct > 1:
                fine[cell, :distinct] = _quantise(inside, distinct, settings, rng)
                fine[cell, distinct:] = fine[cell, 0]
    second = _nearest_inside(residual, fine, first, np.ones((many, few), dtype=np.bool_))
    counts = np.bincount(first * few + second, minlength=many * few).reshape(many, few)
    return Codebook(coarse, fine, counts.astype(np.int32))


def codebook_size(items: int, settings: CodebookSettings) -> tuple[int, int]:
    """Numbers of coarse codes and of fine ones in each, for ``items_per_code`` items per code on average."""
    size = settings.items_per_code
    many = max(min(settings.coarse, items // size**2), 1)
    few = max(min(settings.fine, items // (many * size)), 1) if settings.hierarchical else 1
    return many, few


def _quantise(rows: Floats, codes: int, settings: CodebookSettings, rng: np.random.Generator) -> Floats:
    """k-means, then moving averages over shuffled batches with re-seeding; (codes, dc)."""
    centers = k_means(rows, codes, LLOYD_ROUNDS, rng)
    everything = np.ones(codes, dtype=np.bool_)
    near = _nearest(rows, centers, everything)
    sizes = np.bincount(near, minlength=codes).astype(np.float64)
    sums = _sum_by(near, rows, codes).astype(np.float64)
    for _ in range(settings.epochs):
        order = rng.permutation(rows.shape[0])
        for start in range(0, order.size, BATCH):
            batch = rows[order[start : start + BATCH]]
            near = _nearest(batch, centers, everything)
            grown = rows.shape[0] / batch.shape[0]  # sizes are counted in items of the whole catalogue
            keep = settings.decay
            sizes = keep * sizes + (1 - keep) * grown * np.bincount(near, minlength=codes)
            sums = keep * sums + (1 - keep) * grown * _sum_by(near, batch, codes)
            centers = (sums / np.maximum(sizes, 1e-9)[:, None]).astype(np.float32)
        dead = np.flatnonzero(sizes < min(RESEED_BELOW, rows.shape[0] / (2 * codes)))
        if dead.size:
            centers[dead] = rows[_far_rows(rows, centers, dead.size, rng)]
            sizes[dead] = rows.shape[0] / codes
            sums[dead] = centers[dead] * sizes[dead][:, None]
    return centers


def _far_rows(rows: Floats, centers: Floats, count: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Rows drawn with probability proportional to their squared distance from the nearest center."""
    near = _nearest(rows, centers, np.ones(centers.shape[0], dtype=np.bool_))
    distance = np.square(rows - centers[near]).sum(axis=1).astype(np.float64) + 1e-12
    chosen: npt.NDArray[np.intp] = rng.choice(
        rows.shape[0], count, replace=False, p=distance / distance.sum()
    )
    return chosen


def k_means(rows: Floats, codes: int, rounds: int, rng: np.random.Generator) -> Floats:
    """k-means++ (Arthur & Vassilvitskii 2007) and Lloyd rounds; an empty centre does not move."""
    centers = np.empty((codes, rows.shape[1]), dtype=np.float32)
    centers[0] = rows[rng.integers(rows.shape[0])]
    distance = np.square(rows - centers[0]).sum(axis=1).astype(np.float64)
    for index in range(1, codes):
        total = distance.sum()
        chance = distance / total if total > 0 else None
        centers[index] = rows[rng.choice(rows.shape[0], p=chance)]
        distance = np.minimum(distance, np.square(rows - centers[index]).sum(axis=1))
    for _ in range(rounds):
        near = _nearest(rows, centers, np.ones(codes, dtype=np.bool_))
        sizes = np.bincount(near, minlength=codes)
        full = sizes > 0
        centers[full] = _sum_by(near, rows, codes)[full] / sizes[full, None]
    return centers


def _sum_by(group: npt.NDArray[np.integer[Any]], rows: Floats, groups: int) -> Floats:
    total = np.zeros((groups, rows.shape[1]), dtype=np.float32)
    np.add.at(total, group, rows)
    return total


def _nearest(rows: Floats, centers: Floats, live: npt.NDArray[np.bool_]) -> Ints:
    distance = np.square(centers).sum(axis=1) - 2.0 * (rows @ centers.T)
    distance[:, ~live] = np.inf
    nearest: Ints = np.argmin(distance, axis=1).astype(np.int32)
    return nearest


def _nearest_inside(residual: Floats, fine: Floats, cell: Ints, live: npt.NDArray[np.bool_]) -> Ints:
    """Nearest fine prototype among those of the row's own cell."""
    prototypes = fine[cell]
    distance = np.square(residual[:, None, :] - prototypes).sum(axis=2)
    distance[~live[cell]] = np.inf
    nearest: Ints = np.argmin(distance, axis=1).astype(np.int32)
    return nearest
