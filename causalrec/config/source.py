"""What fills the landing zone, and the knobs of the generated shop."""

import datetime as dt

from pydantic import Field

from causalrec.config.section import FolderOrUri, Section


class DemoSettings(Section):
    """The causal knobs of the generated shop and the share of faults in it."""

    taste: float = Field(2.6, ge=0, description="weight of personal taste in the log-odds of interest")
    confounding: float = Field(0.9, ge=0, description="weight of the demand for an item's hidden cause")
    shared_merit: int = Field(2, ge=0, le=4, description="dimensions of taste that all users share")
    demand_curve: float = Field(0.0, description="weight of the square of demand: 0 is a linear demand")
    demand_drift: float = Field(
        0.0, ge=0, description="standard deviation of what demand drifts by in 30 days, in units of demand"
    )
    campaigns: float = Field(
        0.0, ge=0, description="log-odds that a campaign, which nobody logs, adds to showing and to buying"
    )
    conversion: float = Field(
        0.0,
        ge=0,
        description="standard deviation of what an item adds to the log-odds of buying after a click",
    )
    companions: float = Field(
        0.0,
        ge=0,
        le=1,
        description="chance that what goes with an item of the basket is taken too, once it is looked at; "
        "0: nothing goes with anything",
    )
    campaign_share: float = Field(0.2, ge=0, le=1, description="share of the time that a brand campaigns")
    random_share: float = Field(0.08, ge=0, le=1, description="share of places filled uniformly at random")
    position_decay: float = Field(
        0.15, ge=0, description="the k-th place of a list is looked at with chance k^-decay"
    )
    new_item_share: float = Field(
        0.12, gt=0, lt=0.5, description="share of the catalogue that is added over time"
    )
    picture_side: int = Field(224, ge=32, description="side of a generated picture, in pixels")
    late_share: float = Field(0.02, ge=0, lt=1, description="share of events that are delivered a day late")
    duplicate_share: float = Field(
        0.002, ge=0, lt=1, description="share of events that occur twice in one delivery"
    )
    markets: bool = Field(
        default=False,
        description="whether the shop sells in Germany (DE) and Austria (AT): events name a market, products "
        "say where they are sold and have German titles",
    )
    block_users: int = Field(20_000, ge=1, description="users of one generation task")


class SourceSettings(Section):
    """What fills the landing zone: the shop itself (native), the demo generator or the H&M adapter."""

    kind: str = Field(
        "demo",
        description="who fills the landing zone: native (the shop), demo (a generated shop), hm "
        "(the H&M files) or the name of a plug-in",
    )
    raw: FolderOrUri | None = Field(
        None, description="folder or URI of the raw files that an adapter converts"
    )
    seed: int = Field(7, description="seed of the generated shop")
    users: int = Field(400, ge=20, description="users of the generated shop")
    items: int = Field(240, ge=20, description="items of the generated shop")
    days: int = Field(38, ge=3, description="days of the generated shop")
    first_day: dt.date = Field(dt.date(2026, 1, 29), description="first day of the generated shop")
    demo: DemoSettings = DemoSettings()
