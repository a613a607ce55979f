"""Settings of the baselines and of the learned rivals of the causal model."""

from typing import Literal

from pydantic import Field

from causalrec.config.section import Section


class BaselineSettings(Section):
    """The closed-form baselines. Of several ridges EASE keeps the one with the best validation result."""

    ease_ridges: tuple[float, ...] = Field(
        (10.0, 30.0, 100.0, 300.0, 1_000.0), min_length=1, description="ridges that EASE tries on validation"
    )
    edlae_dropouts: tuple[float, ...] = Field(
        (0.2, 0.4, 0.6), min_length=1, description="chances that an input is left out; tried with each ridge"
    )
    knn_neighbours: int = Field(50, ge=1, description="neighbours of an item in item-kNN")
    knn_shrink: float = Field(10.0, ge=0, description="shrinkage of similarities of rare items, in users")
    content_neighbours: tuple[int, ...] = Field(
        (20, 100), min_length=1, description="numbers of neighbours that content-kNN tries"
    )
    row_block: int = Field(2_048, ge=1, description="rows that are computed at a time")


class ContentEaseSettings(Section):
    """EASE with item content in its Gram matrix; validation chooses among the ridges and the strengths."""

    ridges: tuple[float, ...] = Field(
        (30.0, 10.0, 100.0, 300.0, 1_000.0), min_length=1, description="ridges that are tried on validation"
    )
    strengths: tuple[float, ...] = Field(
        (10.0, 3.0, 30.0, 100.0),
        min_length=1,
        description="of content against one user; each modality may also have none",
    )
    rank: int = Field(1_024, ge=1, description="most columns of the tables")


class IalsSettings(Section):
    """Alternating solves; the width is ``model.dim``."""

    unobserved: float = Field(0.03, gt=0, description="weight of every cell beside 1 for an observed pair")
    ridge: float = Field(0.003, gt=0, description="per observed pair and per unit of unobserved weight")
    sweeps: int = Field(16, ge=1, description="most alternating sweeps")
    judge_every: int = Field(4, ge=1, description="sweeps between two looks at validation")


class MultVaeSettings(Section):
    """The autoencoder; the width of its code is ``model.dim``."""

    hidden: int = Field(600, ge=1, description="units of the hidden layer")
    dropout: float = Field(0.5, ge=0, lt=1, description="share of a history that is left out of the input")
    beta: float = Field(0.2, ge=0, description="weight of the divergence once it is phased in")
    anneal_epochs: int = Field(20, ge=1, description="epochs until the divergence has its full weight")
    learning_rate: float = Field(1e-3, gt=0, description="step size of Adam")
    batch: int = Field(500, ge=1, description="users")
    epochs: int = Field(100, ge=1, description="most epochs")


class SasRecSettings(Section):
    """The transformer over histories; its width is ``model.dim``."""

    length: int = Field(50, ge=1, description="latest items of a history that it reads")
    blocks: int = Field(2, ge=1, description="layers of attention")
    heads: Literal[1, 2, 4] = Field(2, description="parts that the attention of a layer is divided into")
    dropout: float = Field(0.2, ge=0, lt=1, description="of embeddings and layers")
    learning_rate: float = Field(1e-3, gt=0, description="step size of Adam")
    batch: int = Field(256, ge=1, description="users")
    negatives: int = Field(1_024, ge=1, description="items that all next items of a batch are compared with")
    epochs: int = Field(200, ge=1, description="most epochs")
    judge_every: int = Field(3, ge=1, description="epochs between two looks at validation")
    patience: int = Field(5, ge=1, description="looks without a gain before it stops")


class RivalSettings(Section):
    """Matrix factorisation, IPS-MF, PD, VBPR, LightGCN with BPR, and the frozen-item-graph model.

    Under ``training.loss`` "bpr" they score by dot products and pay ``l2``, as in their papers; under
    "softmax" they score by cosines with the loss and the negatives of the causal model.
    """

    l2: float = Field(3e-2, ge=0, description="weight of half the squared length of a batch's embeddings")
    bias: bool = Field(True, description="an item bias beside the dot product")
    ips_cap: float = Field(10.0, ge=1, description="largest weight of a pair; the mean weight is one")
    pd_gamma: float = Field(0.1, ge=0, description="power of popularity while training")
    prune: float = Field(0.5, ge=0, lt=1, description="share of edges left out in every epoch")
    item_graph: Literal["auto", "none"] = Field(
        "auto", description="auto: the graph of similar content where there is content; none: without it"
    )
    left_out: float = Field(0.0, ge=0, lt=1, description="share of edges that a graph trains without")
    user_affinity: float = Field(0.0, ge=0, description="weight of the users who behave alike")
    item_affinity: float = Field(0.0, ge=0, description="weight of the items with the same users")
    noise: float = Field(0.1, ge=0, description="length of the noise on every layer of XSimGCL")
    contrast: float = Field(0.1, ge=0, description="weight of the contrast of XSimGCL")
