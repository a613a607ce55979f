"""Matrix factorisation with a projection of content beside the item factors."""

import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.content import CHANNEL_WIDTH, fit_content, read_content
from causalrec.model.rivals.mf import MfNetwork
from causalrec.model.rivals.pairs import PairBatch
from causalrec.model.rivals.rival import PairRecommender


class VbprNetwork(MfNetwork):
    """s_ui = <p_u, q_i> + <t_u, E f_i> + b_i + <c, f_i>; cosines have neither bias nor c.

    f_i are the principal components of each modality, scaled to a mean L1 length of one: one Adam step then
    moves E f_i no faster than an item factor. The part of a missing modality is zero and so are its terms.
    The L2 penalty covers E f_i like an item factor. Without both, content drowned the item factors and
    validation fell to less than half of plain MF. Without any content this is :class:`MfNetwork`.
    """

    def __init__(self, data: Interactions, settings: ModelSettings, *, unit: bool) -> None:
        super().__init__(data, settings, unit=unit)
        whitenings = fit_content(data.modalities, CHANNEL_WIDTH)
        content = torch.from_numpy(read_content(whitenings, data.modalities, data.n_items).vectors)
        pace = content.abs().sum(dim=1).mean().clamp(min=1e-8)
        self.register_buffer("content", content / pace, persistent=False)
        width = content.shape[1]
        self.user_taste = nn.Parameter(torch.randn(data.n_users, settings.dim) * settings.init)
        self.projection = nn.Parameter(torch.empty(settings.dim, width))
        self.content_bias = nn.Parameter(torch.zeros(width, 1))
        if width:
            nn.init.xavier_uniform_(self.projection, gain=float(pace))

    def states(self) -> tuple[Tensor, Tensor]:
        """Two blocks of columns, and the bias."""
        content = self.get_buffer("content")
        users, items = super().states()
        if content.shape[1] == 0:
            return users, items
        if self.bias is not None:
            added = torch.cat([torch.zeros_like(self.item_embedding), content @ self.content_bias], dim=1)
            items = items + added
        projected = content @ self.projection.T
        return torch.cat([users, self.user_taste], dim=1), torch.cat([items, projected], dim=1)

    def decayed(self, batch: PairBatch) -> list[Tensor]:
        """All embeddings of the batch, and what content adds to its items."""
        readers = [self.projection.T] if self.bias is None else [self.projection.T, self.content_bias]
        rows = [self.get_buffer("content")[items] for items in (batch.items, batch.negatives)]
        read = [row @ reader for row in rows for reader in readers]
        return [*super().decayed(batch), self.user_taste[batch.users], *read]


class VbprRecommender(PairRecommender):
    """He and McAuley, "VBPR: Visual Bayesian personalized ranking" (AAAI 2016), with all modalities."""

    name = "vbpr"

    def build(self, data: Interactions) -> VbprNetwork:
        """The untrained network."""
        return VbprNetwork(data, self.settings, unit=self.cosines)
