"""Mult-VAE: a variational autoencoder of histories with a multinomial likelihood."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, embedding_bag, log_softmax

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.dataset.sample import JUDGED_USERS, sampled
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Judge, Progress, SavedModel
from causalrec.model.rivals.epochs import fit_epochs
from causalrec.model.rivals.items.itemitem import HistoryRecommender

JUDGE_EVERY = 3  # epochs between two looks at validation
PATIENCE = 5  # looks without a gain before it stops


class MultVaeNetwork(nn.Module):
    """N -> hidden -> (mean, log variance) of d -> hidden -> N, tanh between; the input has length one."""

    def __init__(self, n_items: int, hidden: int, dim: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.empty(n_items, hidden))
        self.bias = nn.Parameter(torch.zeros(hidden))
        nn.init.xavier_uniform_(self.first)
        self.code = nn.Linear(hidden, 2 * dim)
        self.up = nn.Linear(dim, hidden)
        self.out = nn.Linear(hidden, n_items)

    def encode(self, histories: sp.csr_matrix, drop: float) -> tuple[Tensor, Tensor]:
        """Mean and log variance (B, d) of binary histories (B, N)."""
        place = self.bias.device
        ones = normalize_rows(histories)
        weights = dropout(torch.from_numpy(ones.data).to(place), drop, self.training)
        found = embedding_bag(
            torch.from_numpy(ones.indices.astype(np.int64)).to(place),
            self.first,
            torch.from_numpy(ones.indptr.astype(np.int64)).to(place),
            mode="sum",
            per_sample_weights=weights,
            include_last_offset=True,
        )
        mean, log_variance = self.code(torch.tanh(found + self.bias)).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, codes: Tensor) -> Tensor:
        """Logits (B, N)."""
        logits: Tensor = self.out(torch.tanh(self.up(codes)))
        return logits

    def loss(self, histories: sp.csr_matrix, drop: float, beta: float) -> Tensor:
        """-log likelihood per user plus beta times the divergence from the standard normal."""
        mean, log_variance = self.encode(histories, drop)
        noise = torch.randn_like(mean) * torch.exp(log_variance / 2)
        likely = log_softmax(self.decode(mean + noise), dim=1)
        rows = np.repeat(np.arange(histories.shape[0]), np.diff(histories.indptr))
        at = torch.from_numpy(rows), torch.from_numpy(histories.indices.astype(np.int64))
        fit = likely[at[0].to(mean.device), at[1].to(mean.device)].sum() / histories.shape[0]
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean() / 2
        return -fit + beta * divergence


def normalize_rows(histories: sp.csr_matrix) -> sp.csr_matrix:
    """Rows of length one; an empty row stays empty."""
    size = np.sqrt(np.maximum(np.diff(histories.indptr), 1)).astype(np.float32)
    return sp.csr_matrix(sp.diags(1.0 / size) @ histories, dtype=np.float32)


class MultVaeRecommender(HistoryRecommender):
    """Liang et al., "Variational autoencoders for collaborative filtering" (WWW 2018)."""

    name = "multvae"
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        "model.dim": (64, 128, 200),
        "model.multvae.hidden": (300, 600),
        "model.multvae.dropout": (0.3, 0.5, 0.7),
        "model.multvae.beta": (0.02, 0.1, 0.2, 0.5),
        "model.multvae.learning_rate": (0.0005, 0.001, 0.002),
    }

    def __init__(self, settings: ModelSettings, judge: Judge, seed: int, device: torch.device) -> None:
        self.settings, self.judge, self.seed, self.device = settings, judge, seed, device
        self.network: MultVaeNetwork | None = None

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Adam on batches of users; the divergence is phased in; the best epoch on validation stays."""
        settings = self.settings.multvae
        torch.manual_seed(self.seed)
        history, judged_on = self.remember(data), sampled(data, JUDGED_USERS, self.seed)
        network = MultVaeNetwork(data.n_items, settings.hidden, self.settings.dim).to(self.device)
        self.network = network
        optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        active = np.flatnonzero(np.diff(history.indptr))
        order = np.random.default_rng(self.seed)

        def one_epoch(epoch: int) -> float:
            beta = settings.beta * min(1.0, epoch / settings.anneal_epochs)
            losses = []
            for rows in np.array_split(order.permutation(active), max(active.size // settings.batch, 1)):
                loss = network.loss(history[rows], settings.dropout, beta)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(float(loss.detach()))
            return float(np.mean(losses))

        value = (lambda: self.judge(self.score, judged_on)) if data.valid.shape[1] else None
        return fit_epochs(network, settings.epochs, JUDGE_EVERY, PATIENCE, one_epoch, value, progress)

    def apply(self, history: sp.csr_matrix) -> Floats:
        """Logits of the mean code."""
        if self.network is None:
            raise TrainingError(f"{self.name} is not fitted", do="call fit or load a saved model first")
        with torch.no_grad():
            self.network.eval()
            logits: Floats = self.network.decode(self.network.encode(history, 0.0)[0]).cpu().numpy()
        return logits

    def saved(self) -> SavedModel:
        """Histories and weights."""
        base = super().saved()
        state = {} if self.network is None else self.network.state_dict()
        weights = {f"network.{name}": value.cpu().numpy() for name, value in state.items()}
        return SavedModel({**base.arrays, **weights}, base.facts)

    def restore(self, saved: SavedModel) -> None:
        """Takes both back."""
        super().restore(saved)
        prefix = "network."
        state = {
            name.removeprefix(prefix): torch.from_numpy(np.array(array))
            for name, array in saved.arrays.items()
            if name.startswith(prefix)
        }
        n_items, hidden = state["first"].shape
        self.network = MultVaeNetwork(n_items, hidden, state["up.weight"].shape[1])
        self.network.load_state_dict(state)
        self.network.to(self.device)
