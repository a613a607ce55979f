"""Settings of the features page."""

from pydantic import Field

from causalrec.config.section import Section


class FeaturePageSettings(Section):
    """What the features page shows."""

    sample: int = Field(
        20_000,
        ge=10,
        description="items that neighbours, near duplicates, drift and the map look at, chosen by a "
        "hash of the id",
    )
