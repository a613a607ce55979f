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
    queries: int = Field(6, ge=0, description="items whose nearest neighbours are shown")
    neighbours: int = Field(5, ge=1, description="neighbours shown of each")
    image_duplicate: float = Field(
        0.97, gt=0, le=1, description="cosine from which two different pictures count as near duplicates"
    )
    text_duplicate: float = Field(
        0.97, gt=0, le=1, description="cosine from which two different texts count as near duplicates"
    )
    duplicates: int = Field(6, ge=0, description="groups of duplicates shown of each kind")
    categories: int = Field(8, ge=1, le=8, description="categories that have a colour on the map")
    drift_warning: float = Field(
        3.0,
        gt=0,
        description="distance of the means of new and known vectors, in units of chance, from which "
        "the page warns",
    )
    failures: int = Field(3, ge=0, description="examples shown per reason")
