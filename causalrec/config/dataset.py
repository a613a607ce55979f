"""What a dataset is built from."""

from typing import Annotated, Literal

from pydantic import Field

from causalrec.config.section import Section


class DatasetSettings(Section):
    """Interactions and splits, and how several pictures of an item become one vector.

    ``uniform_policies`` name the policies that show items uniformly at random. Pairs that they showed
    are kept out of training, so that metrics on random exposure are honest.

    ``image_pooling`` of an item's first ``max_pictures`` usable pictures: the ``primary`` one alone, their
    ``mean``, or ``weighted``: the primary one has ``primary_share`` and the gallery shares the rest.
    """

    known: Literal["then", "today"] = Field(
        "then",
        description="then: what had arrived by the end of the run date; today: also what arrived later",
    )
    session_gap_minutes: int = Field(
        30,
        ge=0,
        description="without session ids, events closer than this many minutes belong to one session",
    )
    max_daily_actions: int = Field(
        2_000,
        ge=0,
        description="views, carts and purchases of a day from which a user is a robot that day; 0: off",
    )
    max_minute_actions: int = Field(120, ge=0, description="the same for one minute; 0: off")

    history_days: int = Field(
        0, ge=0, description="days before the run date whose events count; 0: events of any age"
    )
    event_weights: dict[str, float] = Field(
        default_factory=lambda: {"cart": 1.0, "purchase": 1.0},
        description="event types that make an interaction, and their weights",
    )
    split: Literal["random", "temporal"] = Field(
        "random", description="random, or temporal: the newest interactions of a user are held out"
    )
    valid_share: float = Field(0.1, gt=0, lt=0.5, description="share of interactions held out for validation")
    test_share: float = Field(0.1, gt=0, lt=0.5, description="share of interactions held out for the test")
    uniform_policies: tuple[str, ...] = Field(
        ("uniform", "random"), description="policies that show items uniformly at random"
    )
    image_pooling: Literal["primary", "mean", "weighted"] = Field(
        "mean", description="one vector per item: of the primary picture, the mean of all, or weighted"
    )
    primary_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="weight of the primary picture where pooling is weighted; the others share the rest",
    )
    max_pictures: int = Field(8, ge=1, description="usable pictures of an item that count")
    position_bands: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 2, 3, 4, 6, 8, 12, 20, 40, 100),
        description="last position of each band in which looks are counted; deeper ones share one more",
    )
    surge: float = Field(
        1.25, gt=1, description="a brand shown this many times as often as usual has a surge that day"
    )
    surge_prior: float = Field(
        5.0,
        ge=0,
        description="impressions added to both sides of that comparison, so that rare ones do not surge",
    )
    seed: int = Field(7, description="seed of the random split")
