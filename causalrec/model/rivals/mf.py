"""Matrix factorisation with BPR."""

import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.rivals.pairs import PairBatch, PairNetwork
from causalrec.model.rivals.rival import PairRecommender, ridge_fold

FOLD_RIDGE = 1.0  # for new users; in units of the mean squared item factor


class MfNetwork(PairNetwork):
    """s_ui = <p_u, q_i> + b_i; cosines have no bias."""

    def __init__(self, data: Interactions, settings: ModelSettings, *, unit: bool) -> None:
        super().__init__(settings, unit=unit)
        self.user_embedding = nn.Parameter(torch.randn(data.n_users, settings.dim) * settings.init)
        self.item_embedding = nn.Parameter(torch.randn(data.n_items, settings.dim) * settings.init)
        biased = settings.rivals.bias and not unit
        self.bias = nn.Parameter(torch.zeros(data.n_items, 1)) if biased else None

    def states(self) -> tuple[Tensor, Tensor]:
        """Embeddings; the bias is one more column."""
        if self.bias is None:
            return self.user_embedding, self.item_embedding
        ones = self.user_embedding.new_ones(self.user_embedding.shape[0], 1)
        users = torch.cat([self.user_embedding, ones], dim=1)
        return users, torch.cat([self.item_embedding, self.bias], dim=1)

    def decayed(self, batch: PairBatch) -> list[Tensor]:
        """User, positive and negative with their biases."""
        items = [self.item_embedding] if self.bias is None else [self.item_embedding, self.bias]
        of_items = [table[rows] for table in items for rows in (batch.items, batch.negatives)]
        return [self.user_embedding[batch.users], *of_items]

    def fold(self) -> Tensor:
        """The user step of implicit ALS."""
        return ridge_fold(self.tables()[1], FOLD_RIDGE)


class BprMfRecommender(PairRecommender):
    """Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback" (UAI 2009)."""

    name = "bpr_mf"

    def build(self, data: Interactions) -> MfNetwork:
        """The untrained network."""
        return MfNetwork(data, self.settings, unit=self.cosines)
