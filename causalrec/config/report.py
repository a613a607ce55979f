"""The pages that people open."""

from pydantic import Field

from causalrec.config.section import Section


class ReportSettings(Section):
    """The pages that people open."""

    users: int = Field(6, ge=0, description="users shown on the nightly page and on the review page")
    site_users: int = Field(
        20_000,
        ge=1,
        description="users that the site of causalrec site holds; of a larger shop a fixed sample of as many",
    )
