"""E[z | condition] from a few small networks, each trained without one part of the items.

The mean of the networks is the prediction. Predictions from networks that did not see an item are unbiased:
their residuals can be used to train a density of residuals (bagging with out-of-fold residuals: Breiman
1996).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.pace import LEAST_BATCHES, one_cycle


class MeanNetwork(nn.Module):
    """Two hidden layers with dropout, (n, q) -> (n, p)."""

    def __init__(self, condition: int, width: int, settings: ConfounderSettings) -> None:
        super().__init__()
        hidden, dropout = settings.mean_hidden, settings.dropout
        self.layers = nn.Sequential(
            nn.Linear(condition, hidden), nn.GELU(), nn.Dropout(dropout),
            nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout),
            nn.Linear(hidden, width),
        )  # fmt: skip

    def forward(self, condition: Tensor) -> Tensor:
        """E[z | condition]."""
        out: Tensor = self.layers(condition)
        return out


@dataclass(frozen=True)
class BaggedMeans:
    """The networks of all bags."""

    networks: nn.ModuleList

    def each(self, condition: Floats) -> Floats:
        """Predictions of every network, (bags, n, p)."""
        self.networks.eval()
        with torch.no_grad():
            given = torch.from_numpy(condition)
            said: Floats = torch.stack([network(given) for network in self.networks]).numpy()
        return said

    def predict(self, condition: Floats) -> Floats:
        """Their mean, (n, p)."""
        mean: Floats = self.each(condition).mean(axis=0)
        return mean


def fit_means(
    target: Floats, condition: Floats, scale: Floats, settings: ConfounderSettings, seed: int
) -> tuple[BaggedMeans, Floats]:
    """The networks, and per item the prediction of those not trained on it, (n, p).

    Args:
        scale: (p,), weight of each direction in the loss: its own size before whitening.
    """
    torch.manual_seed(seed)
    rows = target.shape[0]
    bag = np.random.default_rng(seed).permutation(rows) % settings.bags
    clean, given = torch.from_numpy(target), torch.from_numpy(condition)
    weight = torch.from_numpy(scale / scale.mean())
    networks = nn.ModuleList(
        _train(clean, given, weight, np.flatnonzero(bag != out), settings) for out in range(settings.bags)
    )
    means = BaggedMeans(networks)
    honest: Floats = means.each(condition)[bag, np.arange(rows)]
    return means, honest


def _train(
    clean: Tensor,
    given: Tensor,
    weight: Tensor,
    rows: npt.NDArray[np.intp],
    settings: ConfounderSettings,
) -> MeanNetwork:
    network = MeanNetwork(given.shape[1], clean.shape[1], settings)
    kept = torch.from_numpy(rows)
    batch = min(settings.batch, max(rows.size // LEAST_BATCHES, 1))
    epochs = max(settings.mean_epochs, -(-settings.least_steps * batch // rows.size))
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.decay
    )
    pace = one_cycle(optimizer, epochs * -(-rows.size // batch))
    for _ in range(epochs):
        for some in torch.split(kept[torch.randperm(rows.size)], batch):
            loss = ((network(given[some]) - clean[some]) * weight).square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            pace.step()
    return network
