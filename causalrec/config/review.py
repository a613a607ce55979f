"""Settings of the review page."""

from pydantic import Field

from causalrec.config.sections import Section


class ReviewSettings(Section):
    """What a person sees of a version before it may score."""

    sample_users: int = Field(
        2_000, ge=1, description="users whose lists are compared, chosen by a hash of the id"
    )
    users: int = Field(6, ge=0, description="users that are shown")
    history: int = Field(8, ge=1, description="items shown of their histories")
    shown: int = Field(8, ge=1, description="items shown of each list")
    codes: int = Field(12, ge=0, description="confounder codes in the gallery")
    code_items: int = Field(6, ge=1, description="pictures of each code")
    words: int = Field(6, ge=0, description="words of each code")
    moved_items: int = Field(
        8, ge=0, description="items shown that gained places, and as many that lost some"
    )
    cold_items: int = Field(8, ge=0, description="items shown that nobody chose yet")
    thumbnail_pixels: int = Field(96, ge=16, description="side of a picture, in pixels")
