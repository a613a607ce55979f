"""Settings of the review page."""

from pydantic import Field

from causalrec.config.sections import Section


class ReviewSettings(Section):
    """What a person sees of a version before it may score."""

    users: int = Field(6, ge=0, description="users that are shown")
