"""Settings of the review page."""

from pydantic import Field

from causalrec.config.sections import Section


class ReviewSettings(Section):
    """What a person sees of a version before it may score.

    Attributes:
        sample_users: users whose lists are compared, chosen by a hash of their ids.
        users: users that are shown; ``history`` and ``shown``: items of their history and of each list.
        codes: confounder codes in the gallery; ``code_items`` pictures and ``words`` words of each.
        moved_items: items that gained, and as many that lost. cold_items: items nobody chose yet.
        thumbnail_pixels: side of a picture on the page.
    """

    sample_users: int = Field(2_000, ge=1)
    users: int = Field(6, ge=0)
    history: int = Field(8, ge=1)
    shown: int = Field(8, ge=1)
    codes: int = Field(12, ge=0)
    code_items: int = Field(6, ge=1)
    words: int = Field(6, ge=0)
    moved_items: int = Field(8, ge=0)
    cold_items: int = Field(8, ge=0)
    thumbnail_pixels: int = Field(96, ge=16)
