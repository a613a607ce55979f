"""Sparse graphs of similar behaviour: of users who share items, and of items that share users.

Part of the topology: two hops of the observed graph, reduced to the strongest, carry preference that the
single edges of short histories do not. Affinity of rows a, b of the training matrix X is

    sum_i x_ai x_bi / d_i / sqrt(d_a + s) / sqrt(d_b + s)

for users; d_i keeps an item that everybody has from making everybody similar (for items: a user who has
everything), and s shrinks the evidence of short rows. Training pairs only.
"""

import numpy as np
import scipy.sparse as sp

NEIGHBOURS = 10  # neighbours of similar behaviour
MOST = 500  # busier items and users are not followed

SHRINK = 2.0
BLOCK = 2_048  # rows whose products are held at once


def affinity(matrix: sp.csr_matrix, k: int, most: int) -> sp.csr_matrix:
    """The ``k`` rows most similar to each row of a binary (n, m) matrix: row-normalised CSR (n, n).

    Args:
        most: columns with more entries than this say too little about any pair and are skipped, which bounds
            the work at n times the mean row times ``most``.
    """
    rows, columns = (np.asarray(matrix.sum(axis=axis)).ravel() for axis in (1, 0))
    follow = np.where((columns > 0) & (columns <= most), 1.0 / np.sqrt(np.maximum(columns, 1.0)), 0.0)
    scaled = (sp.diags(1.0 / np.sqrt(rows + SHRINK)) @ matrix @ sp.diags(follow)).tocsr().astype(np.float32)
    scaled.eliminate_zeros()
    other = scaled.T.tocsr()
    parts = [
        _strongest(scaled[first : first + BLOCK] @ other, first, k) for first in range(0, rows.size, BLOCK)
    ]
    graph = sp.csr_matrix(sp.vstack(parts), dtype=np.float32)
    total = np.asarray(graph.sum(axis=1)).ravel()
    share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return sp.csr_matrix(sp.diags(share) @ graph, dtype=np.float32)


def _strongest(product: sp.csr_matrix, first: int, k: int) -> sp.csr_matrix:
    """The ``k`` largest entries of each row, those on the diagonal left out."""
    found = product.tocoo()
    apart = found.col != found.row + first
    rows, columns, values = found.row[apart], found.col[apart], found.data[apart]
    order = np.lexsort((-values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    top = np.arange(rows.size) - np.searchsorted(rows, rows) < k
    return sp.csr_matrix((values[top], (rows[top], columns[top])), shape=product.shape)
