"""The nearest of some items to another, by cosine of the adjusted states."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.model.base import ServingTables

Rows = npt.NDArray[np.integer]


@dataclass(frozen=True)
class RepeatRun:
    """Unit states (N, d) of all items and the rows that may be named; no states, no neighbours."""

    units: Floats | None
    among: Rows

    @staticmethod
    def of(tables: ServingTables | None, among: Rows) -> "RepeatRun":
        """Likeness in the space of a model."""
        if tables is None or among.size == 0:
            return RepeatRun(None, among)
        norms = np.linalg.norm(tables.items, axis=1, keepdims=True)
        return RepeatRun((tables.items / np.where(norms > 0, norms, 1)).astype(np.float32), among)

    def nearest(self, item: int) -> tuple[int, float]:
        """The nearest row and its cosine; (-1, 0) without states."""
        if self.units is None:
            return -1, 0.0
        cosine = self.units[self.among] @ self.units[item]
        best = int(cosine.argmax())
        return int(self.among[best]), float(cosine[best])
