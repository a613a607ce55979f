"""Nearest items by cosine in row blocks: memory is one block x N, never N x N."""

import numpy as np
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats
from causalrec.model.blocks import unit_rows

ROW_BLOCK = 2_048  # rows that are computed at a time


def nearest(queries: Floats, keys: Floats, k: int, block: int, *, same: bool) -> sp.csr_matrix:
    """The ``k`` nearest keys of each query as row-normalised CSR (queries, keys).

    Weights are positive cosines; a query without content, or without a key at a positive cosine, has an
    empty row.

    Args:
        same: queries and keys are the same items, so that an item is not its own neighbour.
    """
    found, wanted = unit_rows(keys), unit_rows(queries)
    k = min(k, keys.shape[0] - same)
    if k < 1 or keys.shape[1] == 0:
        return sp.csr_matrix((queries.shape[0], keys.shape[0]), dtype=np.float32)
    rows, columns, values = [], [], []
    for first in range(0, queries.shape[0], block):
        cosine = wanted[first : first + block] @ found.T
        here = np.arange(cosine.shape[0])
        if same:
            cosine[here, here + first] = -1.0
        top = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        rows.append(np.repeat(here + first, k))
        columns.append(top.ravel())
        values.append(np.take_along_axis(cosine, top, axis=1).ravel())
    weight = np.maximum(np.concatenate(values), 0.0).astype(np.float32)
    shape = (queries.shape[0], keys.shape[0])
    graph = sp.csr_matrix((weight, (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    graph.eliminate_zeros()
    total = np.asarray(graph.sum(axis=1)).ravel()
    share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return sp.csr_matrix(sp.diags(share) @ graph, dtype=np.float32)
