"""Settings of the review page."""

from pydantic import Field

from causalrec.config.sections import Section


class ReviewSettings(Section):
    """What a person sees of a version before it may score."""

    users: int = Field(6, ge=0, description="users that are shown")
    history: int = Field(8, ge=1, description="items shown of their histories")
    shown: int = Field(8, ge=1, description="items shown of each list")
    codes: int = Field(12, ge=0, description="confounder codes in the gallery")
    moved_items: int = Field(
        8, ge=0, description="items shown that gained places, and as many that lost some"
    )
    cold_items: int = Field(8, ge=0, description="items shown that nobody chose yet")
    thumbnail_pixels: int = Field(96, ge=16, description="side of a picture, in pixels")
