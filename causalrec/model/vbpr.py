"""Matrix factorisation with a projection of content beside the item factors."""

import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.content import fit_content, read_content
from causalrec.model.mf import MfNetwork
from causalrec.model.pairs import PairBatch
from causalrec.model.rival import PairRecommender


class VbprNetwork(MfNetwork):
    """s_ui = <p_u, q_i> + <t_u, E f_i> + b_i + <c, f_i>; cosines have neither bias nor c.

    f_i are the principal components of each modality, of length one; the part of a missing modality is zero
    and so are its terms. Without any content this is :class:`MfNetwork`.
    """

    def __init__(self, data: Interactions, settings: ModelSettings, *, unit: bool) -> None:
        super().__init__(data, settings, unit=unit)
        whitenings = fit_content(data.modalities, settings.content.channel_width)
        content = torch.from_numpy(read_content(whitenings, data.modalities, data.n_items).vectors)
        self.register_buffer("content", content, persistent=False)
        width = content.shape[1]
        self.user_taste = nn.Parameter(torch.randn(data.n_users, settings.dim) * settings.init)
        self.projection = nn.Parameter(torch.empty(settings.dim, width))
        self.content_bias = nn.Parameter(torch.zeros(width, 1))
        if width:
            nn.init.xavier_uniform_(self.projection)

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
        """All embeddings of the batch."""
        return [*super().decayed(batch), self.user_taste[batch.users]]


class VbprRecommender(PairRecommender):
    """He and McAuley, "VBPR: Visual Bayesian personalized ranking" (AAAI 2016), with all modalities."""

    name = "vbpr"

    def build(self, data: Interactions) -> VbprNetwork:
        """The untrained network."""
        return VbprNetwork(data, self.settings, unit=self.cosines)
