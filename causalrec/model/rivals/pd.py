"""Popularity deconfounding: popularity explains clicks while training and is left out of the ranking.

Assumption: popularity is the only confounder, and it acts as a factor on a positive matching score.
"""

import torch
from torch import Tensor
from torch.nn.functional import elu

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.factors import item_popularity
from causalrec.model.rivals.mf import MfNetwork
from causalrec.model.rivals.rival import PairRecommender


class PdNetwork(MfNetwork):
    """Trains elu'(<p_u, q_i>) m_i^gamma, where elu'(x) = elu(x) + 1 > 0; ranks by <p_u, q_i>.

    elu' rises strictly, so ranking by it or by its argument is the same. m_i is popularity relative to the
    most popular item, and at least that of one pair, so that no item is without a gradient.
    """

    def __init__(self, data: Interactions, settings: ModelSettings, *, unit: bool) -> None:
        super().__init__(data, settings, unit=unit)
        popularity = torch.from_numpy(item_popularity(data)).clamp(min=1.0)
        share = (popularity / popularity.max()) ** settings.rivals.pd_gamma
        self.register_buffer("share", share, persistent=False)

    def link(self, scores: Tensor, items: Tensor) -> Tensor:
        """elu'(score) m^gamma."""
        return (elu(scores) + 1.0) * self.get_buffer("share")[items]


class PdRecommender(PairRecommender):
    """Zhang et al., "Causal intervention for leveraging popularity bias in recommendation" (SIGIR 2021), the
    variant PD (ranking without popularity); the loss is always pairwise, and there is no item bias, which
    would bring popularity back."""

    name = "pd"

    def build(self, data: Interactions) -> PdNetwork:
        """The untrained network."""
        rivals = self.settings.rivals.model_copy(update={"bias": False})
        settings = self.settings.model_copy(update={"rivals": rivals})
        return PdNetwork(data, settings, unit=self.cosines)
