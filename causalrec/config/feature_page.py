"""Settings of the features page."""

from pydantic import Field

from causalrec.config.sections import Section


class FeaturePageSettings(Section):
    """What the page of the features shows."""

    sample: int = Field(
        20_000,
        ge=10,
        description="items that neighbours, near duplicates, drift and the map look at, chosen by a "
        "hash of the id",
    )
    image_duplicate: float = Field(
        0.97, gt=0, le=1, description="cosine from which two different pictures count as near duplicates"
    )
    text_duplicate: float = Field(
        0.97, gt=0, le=1, description="cosine from which two different texts count as near duplicates"
    )
    drift_warning: float = Field(
        3.0,
        gt=0,
        description="distance of the means of new and known vectors, in units of chance, from which "
        "the page warns",
    )
