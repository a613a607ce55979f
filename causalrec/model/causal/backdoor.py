"""Module 2b, back-door adjustment: the expectation over codes, folded into one item table.

Assumption: given the code z, content and preference share no further cause, and inside a coarse cell
every fine code could have come with any item (overlap). Then P(Y | do(X = x), u) = sum_z P(z) P(Y | x, z,
u) (Pearl 1995).

Scores are <e_u, h_i(z)> with h_i(z) = h_i * (1 + Gamma tanh(B e_z)), Gamma (d, q), B (q, dc). Training
uses the factual code, which lets it explain away what brand and category explain. An additive term g(u, z) or
a factor g(u, z) would not change any ranking; this modulation is the simplest form in which the sum matters.
Because the score is affine in tanh(B e_z), the sum over z is exact and costs nothing:

    P~(z | i) = (1 - rho) P(z | coarse cell of i) + rho P(z),    h~_i = h_i * (1 + Gamma E_P~[tanh(B e_z)])

with P counted over items (in the do-world an item is shown whatever its popularity). The gate g_i mixes
factual and adjusted states: h_i = (1 - g_i) h_i(z_i) + g_i h~_i.
"""

import numpy as np
import torch
from torch import Tensor, nn

from causalrec.config.model import BackdoorSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.causal.codebook import Codebook


def code_priors(codebook: Codebook, smoothing: float) -> tuple[Floats, Floats]:
    """P(z | cell) (K1, K2) and P(z) (K1 * K2,), Laplace-smoothed over codes that have items."""
    live = codebook.counts > 0
    mass = np.where(live, codebook.counts + smoothing, 0.0)
    inside = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-12)
    overall = (mass / max(mass.sum(), 1e-12)).ravel()
    return inside.astype(np.float32), overall.astype(np.float32)


class BackdoorAdjustment(nn.Module):
    """Holds Gamma and B, the codes of the items and the priors over codes."""

    def __init__(
        self,
        dim: int,
        codebook: Codebook,
        codes: tuple[Ints, Ints],
        settings: BackdoorSettings,
        smoothing: float,
    ) -> None:
        super().__init__()
        self.rho, self.cap = settings.rho, settings.cap
        vectors = torch.from_numpy(codebook.vectors())
        self.gamma = nn.Parameter(torch.zeros(dim, settings.rank))
        self.basis = nn.Parameter(torch.randn(settings.rank, vectors.shape[1]) / vectors.shape[1] ** 0.5)
        inside, overall = code_priors(codebook, smoothing)
        coarse, fine = (torch.from_numpy(part).long() for part in codes)
        constants = {
            "vectors": vectors,
            "inside": torch.from_numpy(inside),
            "overall": torch.from_numpy(overall),
            "coarse": coarse,
            "flat": torch.where(coarse >= 0, coarse * inside.shape[1] + fine, -1),
        }
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)

    def factual(self, items: Tensor) -> Tensor:
        """h_i(z_i) for the item table (N, d): each item under its own code."""
        return items * (1 + self._own() @ self.capped().T)

    def adjusted(self, items: Tensor, gate: Tensor) -> Tensor:
        """(1 - g_i) h_i(z_i) + g_i h~_i for gate (N,): affine in the effects, so the effects are mixed."""
        mixed = torch.lerp(self._own(), self._expected(), gate[:, None])
        return items * (1 + mixed @ self.capped().T)

    def capped(self) -> Tensor:
        """Gamma with rows of L1 length at most ``cap``; as |tanh| <= 1, no state changes by a larger share.

        Without a cap the training loss fell further, but so did the validation metric. A likely reason, not
        tested on its own: a large modulation lengthens all states, which sharpens the softmax.
        """
        length = self.gamma.abs().sum(dim=1, keepdim=True)
        return self.gamma * (self.cap / length.clamp(min=self.cap))

    def _effects(self) -> Tensor:
        """tanh(B e_z) of every code, (K, q)."""
        return torch.tanh(self.get_buffer("vectors") @ self.basis.T)

    def _own(self) -> Tensor:
        return self._pick(self._effects(), self.get_buffer("flat"))

    def _expected(self) -> Tensor:
        """E over P~(z | i), (n, q); zero for an item without a code."""
        effects, inside = self._effects(), self.get_buffer("inside")
        cells = torch.einsum("ck,ckq->cq", inside, effects.view(*inside.shape, -1))
        mixed = (1 - self.rho) * cells + self.rho * (self.get_buffer("overall") @ effects)
        return self._pick(mixed, self.get_buffer("coarse"))

    @staticmethod
    def _pick(table: Tensor, index: Tensor) -> Tensor:
        return table[index.clamp(min=0)] * (index >= 0)[:, None]
