"""Settings of the nightly comparison of live behaviour with what the review promised."""

from pydantic import Field

from causalrec.config.section import Section


class MonitorSettings(Section):
    """When the live shop differs so much from the training data that the model should be trained again."""

    days: int = Field(7, ge=1, description="newest arrival dates that are looked at")
    warn_psi: float = Field(
        0.1, gt=0, description="population stability index of inputs and scores from which it warns"
    )
    fail_psi: float = Field(
        0.25,
        gt=0,
        description="population stability index of inputs and scores from which training is requested",
    )
    max_unknown_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="share of events on items that the champion does not know from which training "
        "is requested",
    )
    min_coverage_share: float = Field(
        0.5, ge=0, le=1, description="share of the promised coverage below which training is requested"
    )
    quiet_days: int = Field(
        7, ge=0, description="days after a request, or after the champion's training, without another request"
    )
