"""From the summed messages of a history to the state of a new user: what the encoder does for a trained user.

With numpy alone, so that a scoring worker serves new users without torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats
from causalrec.model.blocks import unit_blocks, unit_rows

ARRAYS = ("match", "prior", "value", "precision", "mean")  # of a packed read-out
GAUSSIAN = "gaussian"
SOLVED_AT_ONCE = 2_048  # users


@dataclass(frozen=True)
class Attention:
    """The front-door of a fitted model, its matrices multiplied out: m + softmax(m match + prior) value.

    Attributes:
        match: float32 (d, K). prior: float32 (K,). value: float32 (K, d).
    """

    match: Floats
    prior: Floats
    value: Floats

    def __call__(self, mediators: Floats) -> Floats:
        """Of mediators (n, d)."""
        logits = mediators @ self.match + self.prior
        weight = np.exp(logits - logits.max(axis=1, keepdims=True))
        mixed: Floats = mediators + weight / weight.sum(axis=1, keepdims=True) @ self.value
        return mixed


@dataclass(frozen=True)
class ReadOut:
    """Scales every block of columns to length one; the first, the graph encoder's, is then read out.

    Attributes:
        widths: columns of each block.
        attention: the front-door, or None.
    """

    widths: tuple[int, ...]
    attention: Attention | None = None

    def of_histories(self, histories: sp.csr_matrix, fold: Floats) -> Floats:
        """States (n, w) of users whose histories are rows of a sparse matrix (n, N); ``fold`` is (N, w)."""
        return self.states(np.asarray(histories @ fold, dtype=np.float32))

    def states(self, sums: Floats) -> Floats:
        """States (n, w) of summed messages (n, w); zero if the encoder's messages are zero."""
        states = unit_blocks(sums, self.widths)
        dim = self.widths[0]
        known = states[:, :dim].any(axis=1, keepdims=True)
        states[:, :dim] = self._read(states[:, :dim]) * known
        return states

    def _read(self, mediators: Floats) -> Floats:
        return mediators if self.attention is None else unit_rows(self.attention(mediators))

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts to save."""
        arrays: dict[str, npt.NDArray[Any]] = {} if self.attention is None else dict(vars(self.attention))
        return arrays, {"widths": list(self.widths)}

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any] | None], facts: Mapping[str, Any]) -> "ReadOut":
        """The read-out of :meth:`pack`; an array may be missing or None."""
        match, prior, value = (arrays.get(name) for name in ("match", "prior", "value"))
        attention = None
        if match is not None and prior is not None and value is not None:
            attention = Attention(match, prior, value)
        return ReadOut(tuple(facts["widths"]), attention)


@dataclass(frozen=True)
class GaussianReadOut:
    """The posterior mean of a user's state, where each item of the history was one look with a response.

    The state comes from N(mean, precision^-1); a response adds f f' / 4 to the precision and f / 2 to the
    linear term, f the item's state (the bound of Jaakkola and Jordan at a logit of zero).

    Attributes:
        precision: float32 (w, w). mean: float32 (w,).
    """

    precision: Floats
    mean: Floats

    def of_histories(self, histories: sp.csr_matrix, fold: Floats) -> Floats:
        """States (n, w) as in :class:`ReadOut`; zero for an empty history."""
        states = np.zeros((histories.shape[0], fold.shape[1]), dtype=np.float32)
        for first in range(0, len(states), SOLVED_AT_ONCE):
            rows = histories[first : first + SOLVED_AT_ONCE]
            states[first : first + SOLVED_AT_ONCE] = self._solved(rows, fold)
        return states

    def _solved(self, histories: sp.csr_matrix, fold: Floats) -> Floats:
        items, place = np.unique(histories.indices, return_inverse=True)
        features = fold[items].astype(np.float64)
        shape = (histories.shape[0], items.size)
        compact = sp.csr_matrix((histories.data, place.ravel(), histories.indptr), shape=shape)
        upper = np.triu_indices(fold.shape[1])
        products = compact @ (features[:, upper[0]] * features[:, upper[1]] / 4)
        systems = np.broadcast_to(self.precision.astype(np.float64), (shape[0], *self.precision.shape)).copy()
        systems[:, upper[0], upper[1]] += products
        systems[:, upper[1], upper[0]] = systems[:, upper[0], upper[1]]
        right = compact @ (features / 2) + self.precision.astype(np.float64) @ self.mean
        states: Floats = np.linalg.solve(systems, right[..., None])[..., 0].astype(np.float32)
        return states * (np.diff(compact.indptr) > 0)[:, None]

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts to save."""
        return {"precision": self.precision, "mean": self.mean}, {"kind": GAUSSIAN}


AnyReadOut = ReadOut | GaussianReadOut


def unpack_read_out(arrays: Mapping[str, npt.NDArray[Any] | None], facts: Mapping[str, Any]) -> AnyReadOut:
    """The read-out that was packed."""
    if facts.get("kind") != GAUSSIAN:
        return ReadOut.unpack(arrays, facts)
    precision, mean = arrays["precision"], arrays["mean"]
    if precision is None or mean is None:
        raise KeyError("precision")
    return GaussianReadOut(precision, mean)
