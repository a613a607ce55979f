"""An approximate index of the item states for very large catalogues (extra ``ann``: faiss).

It only proposes items, which are then masked and scored exactly. Its recall is measured on a sample of users
every night.
"""

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.errors import ScoringError
from causalrec.ranking.masks import contains, counts
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices, TopK, dot_pairs, ranked

ITEMS_PER_CELL = 64  # per cell in the training sample; faiss warns below this


class Index(Protocol):
    """The part of a faiss index that is used."""

    nprobe: int

    def search(self, states: Floats, k: int) -> tuple[Floats, Indices]:
        """Scores and item positions (B, k), -1 where nothing was found."""


def build_index(items: Floats, probes: int, seed: int) -> Any:  # noqa: ANN401 - faiss is untyped
    """Cells of similar items (IVF), of which a search visits the ``probes`` nearest.

    Raises:
        ScoringError: faiss is not installed.
    """
    faiss = _faiss()
    dim = items.shape[1]
    cells = max(1, min(int(4 * np.sqrt(items.shape[0])), items.shape[0] // ITEMS_PER_CELL))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = seed
    index.train(items)
    index.add(items)
    index.nprobe = min(probes, cells)
    return index


def save_index(index: Any, file: Path) -> None:  # noqa: ANN401
    """Writes faiss's own format; no pickle."""
    _faiss().write_index(index, str(file))


def load_index(file: Path) -> Index:
    """The index of a file, with its number of probes."""
    faiss = _faiss()
    faiss.omp_set_num_threads(1)  # Spark runs one task per core
    found: Index = faiss.read_index(str(file))
    return found


def near_top_k(index: Index, users: Floats, items: Floats, k: int, masked: Indices, ties: Ties) -> TopK:
    """Like ``fused_top_k``, among the index's proposals: ``k`` items plus the size of the largest mask."""
    n_users, n_items = users.shape[0], items.shape[0]
    lost = int(counts(masked, n_users, n_items).max(initial=0))
    proposed = index.search(np.ascontiguousarray(users), min(n_items, k + lost))[1]
    rows, places = np.nonzero(proposed >= 0)
    columns = proposed[rows, places].astype(np.int64)
    free = ~contains(masked, rows * n_items + columns)
    rows, columns = rows[free], columns[free]
    return ranked(rows, columns, dot_pairs(users, items, rows, columns), n_users, k, ties)


def recall(found: TopK, exact: TopK) -> float:
    """Share of the exact pairs that were found."""
    width = int(max(found.columns.max(initial=0), exact.columns.max(initial=0))) + 1
    wanted = exact.rows * width + exact.columns
    return float(np.isin(wanted, found.rows * width + found.columns).mean()) if wanted.size else 1.0


def _faiss() -> Any:  # noqa: ANN401
    try:
        import faiss
    except ImportError as error:
        raise ScoringError(
            "the approximate index needs faiss, which is not installed",
            do="install the extra: uv sync --extra ann; or set scoring.ann_from_items to 0",
        ) from error
    return faiss
