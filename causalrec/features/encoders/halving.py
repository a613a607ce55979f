"""A batch that does not fit into memory is halved until it does; every halving is counted."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Row = TypeVar("Row")
_SAYS = (
    "out of memory",  # torch.OutOfMemoryError of a GPU says so too
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "bad_alloc",
    "alloc_failed",  # cuBLAS
)


class Halving:
    """Runs a function on a batch, in halves if memory is short.

    Attributes:
        size: rows per batch from now on; it stays at what fitted.
        halvings: how many times a batch was halved.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.halvings = 0

    def run(
        self, rows: Sequence[Row], forward: Callable[[Sequence[Row]], npt.NDArray[np.float32]]
    ) -> npt.NDArray[np.float32]:
        """Results of ``forward`` over all ``rows`` (at least one) in their order, (n, dim).

        Raises:
            MemoryError, RuntimeError: even one row does not fit.
        """
        found: list[npt.NDArray[np.float32]] = []
        done = 0
        while done < len(rows):
            part = rows[done : done + self.size]
            try:
                found.append(forward(part))
            except (MemoryError, RuntimeError) as error:
                if len(part) == 1 or not _short_of_memory(error):
                    raise
            else:
                done += len(part)
                continue
            self.size = len(part) // 2
            self.halvings += 1
            _give_back()  # after the error and the tensors in its frames are gone
        return np.concatenate(found)


def _short_of_memory(error: Exception) -> bool:
    says = str(error).lower()
    return isinstance(error, MemoryError) or any(words in says for words in _SAYS)


def _give_back() -> None:
    """Releases the GPU memory that torch caches; it may be fragmented into pieces too small for a batch."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
