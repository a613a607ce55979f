"""Settings of the features page."""

from pydantic import Field

from causalrec.config.sections import Section


class FeaturePageSettings(Section):
    """What the page of the features shows.

    Attributes:
        sample: items that neighbours, near duplicates, drift and the map look at; larger catalogues are
            sampled by a hash of the item id, so that two nights look at the same items.
        queries: items whose nearest neighbours are shown; ``neighbours``: how many of each.
        image_duplicate, text_duplicate: cosine from which two different contents count as near duplicates.
        galleries: items with several pictures that are shown with all of them.
        duplicates: groups that are shown of each kind; ``group_items``: items shown of a group.
        map_points: points of each map. categories: coloured ones; the rest is grey.
        drift_warning: squared distance of the means of new and known vectors, in units of what chance gives,
            from which the page says that they differ.
        failures: examples per reason.
    """

    sample: int = Field(20_000, ge=10)
    queries: int = Field(6, ge=0)
    neighbours: int = Field(5, ge=1)
    image_duplicate: float = Field(0.97, gt=0, le=1)
    text_duplicate: float = Field(0.97, gt=0, le=1)
    galleries: int = Field(4, ge=0)
    duplicates: int = Field(6, ge=0)
    group_items: int = Field(6, ge=2)
    map_points: int = Field(2_000, ge=0)
    categories: int = Field(8, ge=1, le=8)
    drift_warning: float = Field(3.0, gt=0)
    failures: int = Field(3, ge=0)
