"""What every user looked at, and the responses, as stored in a fitted model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints


@dataclass(frozen=True)
class Looked:
    """Per user the items looked at, how often, and how many true responses are expected (CSR).

    Attributes:
        start: int64 (U + 1,). items: int32 (m,). looks, responses: float32 (m,).
        preference: float32 (m,), probability that some response was intended; NaN if there was none.
    """

    start: npt.NDArray[np.int64]
    items: Ints
    looks: Floats
    responses: Floats
    preference: Floats

    def of(self, user: int) -> tuple[Ints, Floats, Floats]:
        """Items, looks and responses of one user."""
        mine = slice(int(self.start[user]), int(self.start[user + 1]))
        return self.items[mine], self.looks[mine], self.responses[mine]

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any]]) -> "Looked":
        """From arrays by field; models of older code did not store ``preference``, which is then NaN."""
        start, items, looks, responses = (arrays[name] for name in ("start", "items", "looks", "responses"))
        unknown = np.full(items.size, np.nan, dtype=np.float32)
        return Looked(start, items, looks, responses, arrays.get("preference", unknown))
