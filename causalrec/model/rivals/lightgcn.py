"""LightGCN on cosines: the backbone, and a rival with the same loss and negatives as the causal model."""

import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.base import FitReport, Progress
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables
from causalrec.model.graph import inverse_root, operator, propagate, symmetric, unit_rows
from causalrec.model.network import FactorNetwork, Trainer


class LightGcnNetwork(FactorNetwork):
    """User and item embeddings, summed over the layers of the normalised graph, scaled to length one."""

    def __init__(self, data: Interactions, settings: ModelSettings, device: torch.device) -> None:
        super().__init__()
        self.layers = settings.layers
        self.user_embedding = nn.Parameter(torch.randn(data.n_users, settings.dim) * settings.init)
        self.item_embedding = nn.Parameter(torch.randn(data.n_items, settings.dim) * settings.init)
        train = data.train_matrix()
        self.graph = operator(symmetric(train), device)
        degree = torch.from_numpy(inverse_root(item_popularity(data)))
        self.register_buffer("item_scale", degree[:, None], persistent=False)

    def tables(self) -> tuple[Tensor, Tensor]:
        """Unit states of users and items."""
        users, items, _ = propagate(self.graph, self.user_embedding, self.item_embedding, self.layers)
        return unit_rows(users), unit_rows(items)

    def serving(self) -> tuple[Tensor, Tensor]:
        """The same tables: nothing is adjusted."""
        return self.tables()

    def fold(self) -> Tensor:
        """What an item adds to the state of a new user, (N, d)."""
        sent = propagate(self.graph, self.user_embedding, self.item_embedding, self.layers)[2]
        return sent * self.get_buffer("item_scale") if self.layers else unit_rows(self.item_embedding)


class LightGcnRecommender(FactorRecommender):
    """He et al., "LightGCN" (SIGIR 2020), trained by whatever loss the trainer is set to."""

    name = "lightgcn"

    def __init__(self, settings: ModelSettings, trainer: Trainer) -> None:
        self.settings = settings
        self.trainer = trainer

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Trains with early stopping on ``data.valid``."""
        torch.manual_seed(self.trainer.seed)
        network = LightGcnNetwork(data, self.settings, self.trainer.device).to(self.trainer.device)
        report = self.trainer(network, data, progress)
        with torch.no_grad():
            users, items = network.serving()
            self.fold = network.fold().cpu().numpy()
        self.tables = plain_tables(users.cpu().numpy(), items.cpu().numpy(), item_popularity(data))
        return report
