"""The sections of the model and of its training. The switches of the modules are their ablations."""

from typing import Annotated, Literal

from pydantic import Field

from causalrec.config.response import ResponseSettings
from causalrec.config.rivals import (
    BaselineSettings,
    ContentEaseSettings,
    IalsSettings,
    MultVaeSettings,
    RivalSettings,
    SasRecSettings,
)
from causalrec.config.section import Section

ModelName = Literal[
    "causal",
    "lightgcn",
    "xsimgcl",
    "freedom",
    "vbpr",
    "bpr_mf",
    "ips_mf",
    "pd",
    "ease",
    "edlae",
    "content_ease",
    "ials",
    "multvae",
    "sasrec",
    "item_knn",
    "content_knn",
    "popularity",
]


Plugin = Annotated[str, Field(pattern=r"^plugin:[A-Za-z0-9._-]+$")]
"""A plug-in; see :mod:`causalrec.plugins`."""


class ConfounderSettings(Section):
    """Cross-modal channels over items, trained once before the recommender.

    ``auto`` takes ridge, canonical correlations, networks with Gaussian noise or the diffusion, per modality,
    by their likelihood on held-out items. ``concat`` takes the raw content instead of a
    channel, ``none`` removes the module (and with it codes and back-door adjustment).
    """

    method: Literal["auto", "diffusion", "mlp", "ridge", "cca", "concat", "none"] = Field(
        "auto", description="how one modality is predicted from the others"
    )
    width: int = Field(16, ge=1, description="numbers that describe a shared cause; canonical pairs of cca")
    whiten: int = Field(64, ge=2, description="main directions of a modality that are predicted")
    bags: int = Field(3, ge=2, description="networks of the mean, each without its part of the items")
    mean_hidden: int = Field(512, ge=8, description="units in each hidden layer of a mean")
    mean_epochs: int = Field(12, ge=1, description="of training each mean")
    dropout: float = Field(0.3, ge=0, lt=1, description="in the networks of the mean")
    hidden: int = Field(192, ge=8, description="units of the denoiser")
    blocks: int = Field(2, ge=1, description="residual layers of the denoiser")
    epochs: int = Field(30, ge=1, description="of training the denoiser, at most")
    batch: int = Field(256, ge=1, description="items per step")
    least_steps: int = Field(200, ge=1, description="of each network; small catalogues have more epochs")
    items_per_direction: int = Field(
        4, ge=0, description="fitted items per predicted direction from which auto tries networks"
    )
    learning_rate: float = Field(2e-3, gt=0, description="at the peak of a one-cycle schedule")
    decay: float = Field(0.05, ge=0, description="of weights (AdamW)")
    draws: int = Field(4, ge=1, description="noises that the mean of a residual is averaged over")
    levels: int = Field(8, ge=1, description="noise levels per item that a density is measured at")
    holdout: float = Field(
        0.1, gt=0, lt=0.4, description="share of items that choose, and as many again that judge"
    )
    cache: str = Field("", description="folder of fitted confounder models; empty: none")


class CodebookSettings(Section):
    """Hierarchical vector quantisation: coarse cells and a residual codebook inside each."""

    enabled: bool = Field(True, description="items have codes")
    hierarchical: bool = Field(True, description="fine codes inside coarse ones")
    coarse: int = Field(32, ge=1, description="most coarse codes")
    fine: int = Field(8, ge=1, description="most fine codes inside a coarse one")
    items_per_code: int = Field(4, ge=1, description="items that a code needs on average")
    decay: float = Field(0.99, ge=0, lt=1, description="of the moving averages")
    epochs: int = Field(20, ge=0, description="of moving averages after k-means; 0: k-means alone")
    smoothing: float = Field(1.0, gt=0, description="items added to each code in its prior")
    prior: Literal["items", "interactions"] = Field(
        "items", description="codes weigh by their items or by their interactions"
    )
    shuffled: bool = Field(False, description="codes dealt out to items at random: a refuter")


class BackdoorSettings(Section):
    """Expectation over codes folded into one item table."""

    enabled: bool = Field(True, description="scores are averaged over codes")
    rank: int = Field(8, ge=1, description="directions in which a code may change a state")
    rho: float = Field(
        0.2,
        ge=0,
        le=1,
        description="weight of the prior over all codes against the codes of an item's own cell",
    )
    cap: float = Field(0.2, gt=0, description="largest relative change that a code makes to a state")
    gated: bool = Field(True, description="the adjustment acts on an item as far as its modalities agree")
    least_strength: float = Field(
        0.3, ge=0, le=1, description="correlation between modalities below which codes do not act"
    )


class TopologySettings(Section):
    """Which observed edges are kept, weakened or added, and when that is decided again."""

    enabled: bool = Field(True, description="edges are kept, weakened or added by their evidence")
    keep: float = Field(0.7, gt=0, le=1, description="share of edges that keep their weight")
    floor: int = Field(3, ge=1, description="edges of a user that always stay")
    hard: bool = Field(False, description="remove weak edges instead of weakening them")
    temperature: float = Field(0.5, gt=0, description="of the weight of an edge by its evidence")
    centred: bool = Field(True, description="an edge is measured against the user's other edges")
    bias: float = Field(2.0, description="evidence at which an edge has half its weight, in temperatures")
    popularity: float = Field(
        0.1, ge=0, description="weight of popularity that is subtracted from the evidence"
    )
    add_per_user: int = Field(1, ge=0, description="edges that are added per user")
    warmup: int = Field(10, ge=0, description="epochs before edges are judged for the first time")
    refresh_every: int = Field(5, ge=1, description="epochs between two judgements")
    left_out: float = Field(0.4, ge=0, lt=1, description="share of edges that an epoch trains without")
    user_affinity: float = Field(2.0, ge=0, description="weight of the users who behave alike; 0: none")
    item_affinity: float = Field(2.0, ge=0, description="weight of the items with the same users; 0: none")
    by_evidence: bool = Field(True, description="weak edges are left out more often; false: all alike")


class FrontdoorSettings(Section):
    """Mediator read-out and the cross-sample dictionary."""

    enabled: bool = Field(True, description="user states are read out through the dictionary across users")
    codes: int = Field(64, ge=1, description="entries of the dictionary")


class ContentSettings(Section):
    """How content enters the item states, and the separate content channel."""

    enabled: bool = Field(True, description="content enters the item states")
    neighbours: int = Field(10, ge=1, description="items of similar content in the item graph")
    smoothing: float = Field(0.5, ge=0, description="weight of these neighbours in an item's state")
    channel: bool = Field(
        True, description="content cosines as further columns of both tables, as far as validation likes them"
    )
    channel_gain: float = Field(0.02, ge=0, description="least relative gain on validation to be used")


class BlendSettings(Section):
    """Content-EASE and iALS, blended with the graph encoder if only pairs are logged."""

    enabled: bool = Field(
        True, description="further parts are offered to validation; never beside exposure.offset"
    )
    gain: float = Field(0.01, ge=0, description="least relative gain on validation of a part that is used")
    largest: int = Field(
        8_000,
        ge=1,
        description="users or items, whichever are fewer, up to which the closed form is solved; the time "
        "grows with the cube and the memory with the square",
    )


class ExposureSettings(Section):
    """Log exposure as a term of the score in training, left out when items are ranked."""

    offset: bool = Field(False, description="log exposure is a term of the score while training")
    demand: float = Field(1.0, ge=0, description="weight of a code's demand where C is as it is")


class ModelSettings(Section):
    """Architecture of the recommender."""

    name: ModelName | Plugin = Field(
        "causal", description="which model is trained; plugin:NAME: one of another package"
    )
    dim: int = Field(128, ge=4, description="length of user and item states")
    layers: int = Field(2, ge=0, description="layers of the graph encoder")
    init: float = Field(0.1, gt=0, description="standard deviation of the first states")
    baselines: BaselineSettings = BaselineSettings()
    rivals: RivalSettings = RivalSettings()
    content_ease: ContentEaseSettings = ContentEaseSettings()
    response: ResponseSettings = ResponseSettings()
    ials: IalsSettings = IalsSettings()
    multvae: MultVaeSettings = MultVaeSettings()
    sasrec: SasRecSettings = SasRecSettings()
    content: ContentSettings = ContentSettings()
    blend: BlendSettings = BlendSettings()
    exposure: ExposureSettings = ExposureSettings()
    confounder: ConfounderSettings = ConfounderSettings()
    codebook: CodebookSettings = CodebookSettings()
    backdoor: BackdoorSettings = BackdoorSettings()
    topology: TopologySettings = TopologySettings()
    frontdoor: FrontdoorSettings = FrontdoorSettings()


class TrainingSettings(Section):
    """Optimisation. ``device`` auto takes a GPU if there is one."""

    seed: int = Field(7, description="seed of everything random")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="cuda, cpu, or auto: the GPU where there is one"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="of dense products while training; auto: bfloat16 on a GPU"
    )
    epochs: int = Field(200, ge=1, description="most epochs")
    epochs_unvalidated: int = Field(40, ge=1, description="epochs where there is no validation")
    batch: int = Field(2_048, ge=1, description="pairs of one step")
    learning_rate: float = Field(1e-2, gt=0, description="step size of Adam")
    loss: Literal["softmax", "bpr"] = Field(
        "softmax", description="softmax over shared negatives, or pairwise (bpr)"
    )
    temperature: float = Field(0.2, gt=0, description="of the softmax")
    negatives: int = Field(1_024, ge=1, description="shared negatives of one step")
    exposed_weight: float = Field(
        1.0,
        ge=0,
        description="of the comparison with what a user saw and passed over, if known",
    )
    evaluate_every: int = Field(3, ge=1, description="epochs between two looks at validation")
    patience: int = Field(5, ge=1, description="looks without a gain after which training stops")
    select_on: str = Field("recall@20+ndcg@20", description="metrics whose sum chooses the epoch")
    refit: bool = Field(
        True,
        description="the causal model that serves is fitted anew on all pairs and looks",
    )
    worth_share: float = Field(
        1.0,
        ge=0,
        description="sweeps for measuring the modules, as a share of the model's; 0: none",
    )
    worth_sweeps: int = Field(60, ge=4, description="least sweeps of each model in that comparison")
    max_memory_gib: float = Field(0.0, ge=0, description="0: what the machine has free")
    rank_timeout: float = Field(600.0, gt=0, description="seconds that one of several processes waits")
