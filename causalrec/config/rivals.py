"""Settings of the floors and of the learned rivals of the causal model."""

from typing import Literal

from pydantic import Field

from causalrec.config.sections import Section


class BaselineSettings(Section):
    """The closed-form floors. Of several ridges EASE keeps the one that validation likes best."""

    ease_ridges: tuple[float, ...] = Field((10.0, 30.0, 100.0, 300.0, 1_000.0), min_length=1)
    ease_max_items: int = Field(30_000, ge=1)
    knn_neighbours: int = Field(50, ge=1)
    knn_shrink: float = Field(10.0, ge=0)
    row_block: int = Field(2_048, ge=1)


class ContentEaseSettings(Section):
    """EASE with item content in its Gram matrix; validation chooses among the ridges and the strengths."""

    ridges: tuple[float, ...] = Field((30.0, 10.0, 100.0, 300.0), min_length=1)
    strengths: tuple[float, ...] = Field(
        (10.0, 3.0, 30.0, 100.0),
        min_length=1,
        description="of content against one user; each modality may also have none",
    )
    directions: int = Field(256, ge=2, description="most principal directions of one modality")
    rank: int = Field(1_024, ge=1, description="most columns of the tables")
    judged_users: int = Field(5_000, ge=1, description="most validation users that the choice is made on")


class RivalSettings(Section):
    """Matrix factorisation, IPS-MF, PD, VBPR, LightGCN with BPR, and the frozen-item-graph model.

    Under ``training.loss`` "bpr" they score by dot products and pay ``l2``, as in their papers; under
    "softmax" they score by cosines with the loss and the negatives of the causal model.
    """

    l2: float = Field(3e-2, ge=0, description="weight of half the squared length of a batch's embeddings")
    bias: bool = Field(True, description="an item bias beside the dot product")
    fold_ridge: float = Field(
        1.0, gt=0, description="for new users; in units of the mean squared item factor"
    )
    ips_power: float = Field(0.5, ge=0, description="propensity = relative popularity to this power")
    ips_cap: float = Field(10.0, ge=1, description="largest weight of a pair; the mean weight is one")
    pd_gamma: float = Field(0.1, ge=0, description="power of popularity while training")
    prune: float = Field(0.5, ge=0, lt=1, description="share of edges left out in every epoch")
    item_graph: Literal["auto", "none"] = "auto"
    item_layers: int = Field(1, ge=1)
    modal_weight: float = Field(1e-3, ge=0, description="of the losses on projected content")
