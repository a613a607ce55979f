"""A frozen item graph from content, and a user-item graph that loses edges at random in every epoch."""

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.model.content import CHANNEL_WIDTH, Content, fit_content, read_content
from causalrec.model.graph import operator, symmetric
from causalrec.model.neighbours import ROW_BLOCK, nearest
from causalrec.model.rivals.items.itemknn import ItemKnnRecommender
from causalrec.model.rivals.lightgcn_bpr import GraphPairNetwork
from causalrec.model.rivals.pairs import PairBatch, bpr_rows
from causalrec.model.rivals.rival import PairRecommender

ITEM_LAYERS = 1  # layers over the item graph
MODAL_WEIGHT = 1e-3  # of the losses on projected content


class FreedomNetwork(GraphPairNetwork):
    """LightGCN on the pruned graph; item states plus the id embeddings smoothed over the frozen item graph.

    Ranking uses the whole user-item graph. The pairwise form also ranks by every modality's projection
    with the same user states (weight ``modal_weight``).
    """

    def __init__(
        self, data: Interactions, settings: ModelSettings, device: torch.device, seed: int, *, unit: bool
    ) -> None:
        super().__init__(data, settings, device, seed, unit=unit)
        self.data, self.seed, self.place = data, seed, device
        whitenings = fit_content(data.modalities, CHANNEL_WIDTH)
        content = read_content(whitenings, data.modalities, data.n_items)
        self.blocks = [part.size for part in content.spread.values()]
        self.register_buffer("content", torch.from_numpy(content.vectors), persistent=False)
        self.readers = nn.ModuleList([nn.Linear(width, settings.dim) for width in self.blocks])
        near = item_graph(data, content, settings)
        self.smoother = operator(near, device) if near.nnz else None

    def begin_epoch(self, epoch: int) -> None:
        """Draws the edges of this epoch."""
        kept = prune_edges(self.data, self.settings.rivals.prune, [self.seed, epoch])
        ones = np.ones(kept.shape[1], dtype=np.float32)
        shape = (self.data.n_users, self.data.n_items)
        pruned = symmetric(sp.csr_matrix((ones, (kept[0], kept[1])), shape=shape))
        self.encoder.drawn = operator(pruned, self.place)

    def states(self) -> tuple[Tensor, Tensor]:
        """Pruned graph while training, whole graph otherwise."""
        users, items = super().states()
        smooth: Tensor = self.encoder.item_embedding
        if self.smoother is None:
            return users, items
        for _ in range(ITEM_LAYERS):
            smooth = self.smoother @ smooth
        return users, items + smooth

    def further(self, batch: PairBatch, users: Tensor) -> Tensor:
        """BPR of each modality's projection."""
        loss, chosen = super().further(batch, users), users[batch.users]
        for part, reader in self._modalities():
            rows = bpr_rows(chosen, reader(part[batch.items]), reader(part[batch.negatives]))
            loss = loss + (rows * batch.kept).sum() / batch.kept.sum().clamp(min=1.0)
        weighted: Tensor = MODAL_WEIGHT * loss
        return weighted

    def _modalities(self) -> Iterator[tuple[Tensor, nn.Module]]:
        parts = torch.split(self.get_buffer("content"), self.blocks, dim=1) if self.blocks else ()
        return zip(parts, self.readers, strict=True)


def item_graph(data: Interactions, content: Content, settings: ModelSettings) -> sp.csr_matrix:
    """Row-normalised nearest items (N, N) by content; by co-occurrence where there is no content at all."""
    k = settings.content.neighbours
    if settings.rivals.item_graph == "none":
        return sp.csr_matrix((data.n_items, data.n_items), dtype=np.float32)  # type: ignore[arg-type]
    if content.vectors.shape[1]:
        return nearest(content.vectors, content.vectors, k, ROW_BLOCK, same=True)
    floor = ItemKnnRecommender(settings.baselines.model_copy(update={"knn_neighbours": k}))
    floor.fit(data)
    total = np.asarray(floor.similar.sum(axis=1)).ravel()
    share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return sp.csr_matrix(sp.diags(share) @ floor.similar, dtype=np.float32)


def prune_edges(data: Interactions, share: float, seed: list[int]) -> Ints:
    """Training pairs (2, m) without a ``share`` of them; an edge stays with weight 1 / sqrt(d_u d_i).

    Drawn without replacement by exponential keys (Efraimidis and Spirakis 2006).
    """
    users, items = data.train
    of_user, of_item = np.bincount(users)[users], np.bincount(items)[items]
    keys = np.random.default_rng(seed).exponential(size=users.size) * np.sqrt(of_user * of_item)
    stay = max(round((1 - share) * users.size), 1)
    return data.train[:, np.sort(np.argpartition(keys, stay - 1)[:stay])]


class FreedomRecommender(PairRecommender):
    """After Zhou and Shen, "A tale of two graphs: freezing and denoising graph structures for multimodal
    recommendation" (ACM MM 2023); one item graph over all modalities instead of a weighted sum."""

    name = "freedom"

    def build(self, data: Interactions) -> FreedomNetwork:
        """The untrained network."""
        seed = self.trainer.seed
        return FreedomNetwork(data, self.settings, self.trainer.device, seed, unit=self.cosines)
