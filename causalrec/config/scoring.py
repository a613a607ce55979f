"""The lists of a night."""

from pydantic import Field

from causalrec.config.section import FolderOrUri, Section


class ScoringSettings(Section):
    """The nightly table.

    Categories are compared case-insensitively, and a category includes all of its subcategories.
    """

    k: int = Field(20, ge=1, description="rows of a list")
    user_block: int = Field(1_024, ge=1, description="users that are scored at a time")
    partitions: int = Field(4, ge=1, description="Spark partitions of the users")
    exclude_seen: bool = Field(True, description="leave out what a user already has")
    blocked_items: tuple[str, ...] = Field((), description="item ids that never appear in a list")
    blocked_brands: tuple[str, ...] = Field((), description="brands that never appear in a list")
    blocked_categories: tuple[str, ...] = Field(
        (), description="categories that never appear in a list, with everything below them"
    )
    only_available: bool = Field(True, description="leave out items that are not available")
    max_age_days: int | None = Field(
        None,
        ge=1,
        description="days since the first delivery after which an item is no longer listed; none: any age",
    )
    max_silence_days: int | None = Field(
        None,
        ge=1,
        description="days since the last delivery after which an item is no longer listed; none: any time",
    )
    rebuyable_categories: tuple[str, ...] = Field(
        (), description="categories whose items are recommended again to users who bought them"
    )
    max_per_category: int | None = Field(
        None, ge=1, description="rows of one category in a list; none: any number"
    )
    category_levels: int = Field(
        0, ge=0, description="levels of a category that count for this; 0: as delivered"
    )
    max_per_brand: int | None = Field(None, ge=1, description="rows of one brand in a list; none: any number")
    diversity: float = Field(
        0,
        ge=0,
        le=1,
        description="0 ranks by score; the closer to 1, the more distance from the items above counts (MMR)",
    )
    pool: int = Field(5, ge=1, description="candidates among which diversity chooses, in multiples of k")
    explore_share: float = Field(
        0,
        ge=0,
        le=0.5,
        description="share of places, rounded up, that are drawn uniformly, with their propensity recorded",
    )
    new_item_share: float = Field(
        0.05,
        ge=0,
        le=0.5,
        description="share of places, rounded up, for items that are new or unknown to the model",
    )
    new_item_days: int = Field(
        14, ge=1, description="days since the first delivery during which an item counts as new"
    )
    new_item_uniform: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of these places for any new item; the rest goes to the best ones of the user",
    )
    ann_from_items: int = Field(
        0, ge=0, description="size of the catalogue from which an approximate index is used; 0: never"
    )
    merchandise: FolderOrUri = Field(
        "",
        description="TOML file with the shop's pins, promotions and hidden pairs; empty: none",
    )
    home_market: str = Field(
        "",
        max_length=40,
        pattern=r"^[^,:]*$",
        description="market of users whose events name none; with it, a list holds only what is sold in the "
        "user's market; empty: markets do not count",
    )
    min_overlap: float = Field(
        0.02,
        ge=0,
        le=1,
        description="share of rows in common with the night before below which nothing is published",
    )
    max_overlap: float = Field(
        1,
        ge=0,
        le=1,
        description="share of rows in common with the night before above which nothing is published",
    )
    overlap_users: int = Field(50, ge=1, description="common users from which these shares are checked")
    adjusted_places: int = Field(
        5,
        ge=0,
        description="places by which an item must stand higher or lower than in the raw model's list "
        "before its reason says so; 0: lists are not compared, which saves a second search",
    )
    similar_items: int = Field(20, ge=1, description="similar items listed per item")
    popular_items: int = Field(50, ge=1, description="popular items listed per category")
