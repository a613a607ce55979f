"""The pages of a night and of a review."""

from pydantic import Field

from causalrec.config.section import Section


class ReportSettings(Section):
    """The pages of a night and of a review."""

    users: int = Field(6, ge=0, description="users shown on the nightly page and on the review page")
