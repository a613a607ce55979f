"""The number of threads that the sweeps of a shop can use."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

PAIRS_PER_THREAD = 500_000
"""Below this a sweep consists of many short products, and threads waiting for each other cost more than they
gain: 66,601 rows on two busy cores took 18 times as long with two threads as with one."""


@contextmanager
def few_threads(pairs: int) -> Iterator[None]:
    """As many threads as ``pairs`` (rows of looks) can keep busy, at most torch's present number."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(before, 1 + pairs // PAIRS_PER_THREAD))
    try:
        yield
    finally:
        torch.set_num_threads(before)
