"""Settings of the nightly comparison of live behaviour with what the review promised."""

from pydantic import Field

from causalrec.config.sections import Section


class MonitorSettings(Section):
    """When a live shop differs so much from what a model learnt from that it should be trained again.

    Attributes:
        days: newest arrival dates that are looked at. reference_days: dates before them that inputs are
            compared with.
        warn_psi, fail_psi: population stability index of inputs and scores.
        max_unknown_share: of the events, of items that the champion does not know.
        min_coverage_share: of the catalogue coverage that was promised.
        min_users: users with an answer below whom random exposure proves nothing.
        min_events: events below which a mix proves nothing.
        score_bins: bins of the score distribution.
        quiet_days: no second request within so many days of a request, or of the champion's training.
        page_days: nights on the page.
    """

    days: int = Field(7, ge=1)
    reference_days: int = Field(28, ge=1)
    warn_psi: float = Field(0.1, gt=0)
    fail_psi: float = Field(0.25, gt=0)
    max_unknown_share: float = Field(0.2, ge=0, le=1)
    min_coverage_share: float = Field(0.5, ge=0, le=1)
    min_users: int = Field(20, ge=1)
    min_events: int = Field(200, ge=1)
    score_bins: int = Field(10, ge=2)
    quiet_days: int = Field(7, ge=0)
    page_days: int = Field(60, ge=1)
