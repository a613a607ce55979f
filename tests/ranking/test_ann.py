"""The approximate index: what it proposes is masked and scored exactly, and its recall is measured."""

from pathlib import Path

import numpy as np
import pytest

from causalrec.ranking.ann import build_index, load_index, near_top_k, recall, save_index
from causalrec.ranking.fused import fused_top_k
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import dot_pairs

pytest.importorskip("faiss", reason="the extra ann is not installed")
NOTHING = np.empty(0, dtype=np.int64)
TIES = Ties.numbered(30, 4_000)


def clustered(n: int, seed: int) -> np.ndarray:
    centres = np.random.default_rng(0).normal(size=(20, 8))
    rng = np.random.default_rng(seed)
    return (centres[rng.integers(0, 20, n)] + 0.2 * rng.normal(size=(n, 8))).astype(np.float32)


def test_proposals_are_masked_and_scored_exactly(tmp_path: Path) -> None:
    items, users = clustered(4_000, 1), clustered(30, 2)
    save_index(build_index(items, 8, seed=7), tmp_path / "items.faiss")
    index = load_index(tmp_path / "items.faiss")
    assert index.nprobe == 8
    first = near_top_k(index, users, items, 5, NOTHING, TIES)
    assert recall(first, fused_top_k(users, items, 5, NOTHING, TIES)) > 0.9
    best = first.ranks == 1
    masked = np.sort(first.rows[best] * 4_000 + first.columns[best])
    again = near_top_k(index, users, items, 5, masked, TIES)
    assert not np.isin(again.rows * 4_000 + again.columns, masked).any()
    assert (np.bincount(again.rows) == 5).all()
    assert np.array_equal(again.scores, dot_pairs(users, items, again.rows, again.columns))
    assert np.array_equal(again.columns[again.ranks == 1], first.columns[first.ranks == 2])


def test_all_cells_probed_is_exact_and_few_are_not() -> None:
    items, users = clustered(4_000, 1), np.random.default_rng(3).normal(size=(30, 8)).astype(np.float32)
    exact = fused_top_k(users, items, 10, NOTHING, TIES)
    every = near_top_k(build_index(items, 10_000, seed=7), users, items, 10, NOTHING, TIES)
    assert recall(every, exact) == 1
    assert recall(near_top_k(build_index(items, 1, seed=7), users, items, 10, NOTHING, TIES), exact) < 1
