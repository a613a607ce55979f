"""What a challenger must show."""

from typing import Literal

from pydantic import Field

from causalrec.config.section import Section

Refuter = Literal[
    "placebo_content",
    "shuffled_modality",
    "random_common_cause",
    "random_columns",
    "shuffled_evidence",
    "shuffled_codes",
    "shuffled_policy",
]


class GateSettings(Section):
    """What a challenger must show before it becomes champion."""

    metric: str = Field(
        "ndcg@20", description="metric that is compared with the champion by a paired bootstrap over users"
    )
    debiased_metric: str = Field(
        "random_ndcg@5", description="metric on random exposure that is compared with the champion"
    )
    max_relative_loss: float = Field(
        0.02, ge=0, description="largest relative loss of either metric against the champion"
    )
    min_debiased_users: int = Field(
        20, ge=0, description="users with an answer on random exposure below which the gate warns"
    )
    min_coverage: float = Field(0.01, ge=0, le=1, description="share of the catalogue that lists must reach")
    max_popularity_lift: float = Field(
        1.0, description="largest lift of popularity in lists over histories, in units of log popularity"
    )
    refuters: tuple[Refuter, ...] = Field(
        ("placebo_content",),
        description="changed data on which the model is fitted again before it is registered; each "
        "costs a training",
    )
    max_refuter_change: float = Field(
        0.1, ge=0, description="relative change of the validation metric that counts as none"
    )
    min_overlap: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of rows in common with the champion's lists below which the gate warns",
    )
    max_latency_ms: float = Field(100.0, gt=0, description="longest time for one list, in milliseconds")
    auto_approve: Literal["never", "first", "always"] = Field(
        "never",
        description="never: a person decides; first: the gate decides while there is no champion; "
        "always: the gate decides",
    )
