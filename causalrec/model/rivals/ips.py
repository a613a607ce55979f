"""Matrix factorisation on exposure-weighted pairs: the classical answer to exposure bias.

Assumption: the chance that a pair was exposed is known, or depends on the popularity of the item alone; a
pair that was unlikely to be seen then stands for many that were not.
"""

import numpy as np
import torch
from torch import Tensor

from causalrec.config.model import ModelSettings
from causalrec.config.rivals import RivalSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.model.factors import item_popularity
from causalrec.model.rivals.mf import MfNetwork
from causalrec.model.rivals.pairs import PairBatch
from causalrec.model.rivals.rival import PairRecommender

POWER = 0.5  # propensity = relative popularity to this power


def pair_propensity(data: Interactions, power: float) -> Floats:
    """Exposure propensities (n_train,): the logged ones, else (popularity / largest popularity)^power.

    The power law is that of Saito et al., "Unbiased recommender learning from missing-not-at-random implicit
    feedback" (WSDM 2020), with power 1/2.
    """
    if data.propensity is not None:
        return data.propensity
    popularity = item_popularity(data)
    chance: Floats = ((popularity / max(popularity.max(), 1.0)) ** power).astype(np.float32)
    of_pairs: Floats = chance[data.train[1]]
    return of_pairs


def inverse_weights(propensity: Floats, cap: float) -> Floats:
    """1 / propensity scaled to mean one, clipped at ``cap`` and scaled again, (n,)."""
    weight = 1.0 / propensity.astype(np.float64)
    weight = np.minimum(weight / weight.mean(), cap)
    scaled: Floats = (weight / weight.mean()).astype(np.float32)
    return scaled


class IpsMfNetwork(MfNetwork):
    """MF whose pair losses are weighted by clipped inverse propensity."""

    def __init__(self, data: Interactions, settings: ModelSettings, *, unit: bool) -> None:
        super().__init__(data, settings, unit=unit)
        keys, weight = _lookup(data, settings.rivals)
        self.n_items = data.n_items
        self.register_buffer("keys", torch.from_numpy(keys), persistent=False)
        self.register_buffer("pair_weight", torch.from_numpy(weight), persistent=False)

    def weight(self, batch: PairBatch) -> Tensor:
        """Inverse propensity of the positive pair."""
        wanted = batch.users * self.n_items + batch.items
        place = torch.searchsorted(self.get_buffer("keys"), wanted)
        return batch.kept * self.get_buffer("pair_weight")[place]


def _lookup(data: Interactions, rivals: RivalSettings) -> "tuple[np.ndarray, Floats]":
    """Sorted keys u * N + i of the training pairs and their weights."""
    keys = data.train[0].astype(np.int64) * data.n_items + data.train[1]
    order = np.argsort(keys, kind="stable")
    weight = inverse_weights(pair_propensity(data, POWER), rivals.ips_cap)
    return keys[order], weight[order]


class IpsMfRecommender(PairRecommender):
    """Schnabel et al., "Recommendations as treatments" (ICML 2016), on pairs instead of ratings; the loss is
    always pairwise."""

    name = "ips_mf"

    def build(self, data: Interactions) -> IpsMfNetwork:
        """The untrained network."""
        return IpsMfNetwork(data, self.settings, unit=self.cosines)
