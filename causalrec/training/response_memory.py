"""Memory to fit the response model, from the sizes of its tensors (float64 except for the looks).

Counted from the code: the looks as tensors, the evidence of a sweep per row, the averaged tables with the
draws that wait to be compressed, one block of linear systems, and the states of both ends of all pairs in one
product, which is the largest. The allocator keeps the many row-long arrays of the sweeps while that product
is computed, so their sizes add up.
"""

import numpy as np

from causalrec.config.response import ResponseSettings
from causalrec.dataset.arrays import Interactions, Looks, pair_keys
from causalrec.model.causal.response.average import PENDING
from causalrec.model.causal.response.sampler import BLOCK

DOUBLE, SINGLE = 8, 4
LIBRARIES = 60 * 2**20  # loaded on first use
PAIR_IDS, ROW_IDS = 6, 2  # int64 per pair (its ends, in the order of both sides) and per row
ROW_ARRAYS, PER_DEPTH = 9, 4  # arrays of an E-step per row of looks, and further ones per depth
LOOK_ARRAYS = 6  # int32 and float32 copies of the looks that a model may learn from
STATE_COPIES = 8  # of taste and merit while they are drawn
PRODUCT_COPIES = 3  # states of users, of items, and their product


def response_bytes(data: Interactions, looks: Looks, settings: ResponseSettings) -> int:
    """Peak bytes that the fit adds to a process with the data in memory."""
    pairs = np.unique(pair_keys(np.stack([looks.users, looks.items]))).size
    rows, depths = looks.count.size, len(looks.depths)
    nodes, side = data.n_users + data.n_items, max(data.n_users, data.n_items)
    width = settings.dim + 1
    stored = PAIR_IDS * DOUBLE * pairs + (ROW_IDS + 1 + depths) * DOUBLE * rows
    copied = (LOOK_ARRAYS + depths) * SINGLE * rows
    sweep = (ROW_ARRAYS + PER_DEPTH * depths + 1 + depths) * DOUBLE * rows
    averaged = 2 * (2 * settings.columns + PENDING) * DOUBLE * nodes
    states = STATE_COPIES * width * DOUBLE * nodes
    systems = 3 * width**2 + width * (width + 1) // 2 + 6 * width
    block = min(BLOCK, side) * systems * DOUBLE
    product = PRODUCT_COPIES * settings.columns * DOUBLE * pairs
    logits = PRODUCT_COPIES * settings.dim * DOUBLE * pairs
    content = sum(values.nbytes for values in data.modalities.values()) * 3
    largest = max(product, averaged + block + logits)
    return int(LIBRARIES + stored + copied + sweep + averaged + states + content + largest)
