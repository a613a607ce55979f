"""The section of the response model: what people do once they look at an item."""

from typing import Literal

from pydantic import Field

from causalrec.config.section import Section


class ResponseSettings(Section):
    """Bayesian logistic factor model of the response given the look, fitted where looks are logged."""

    enabled: bool = Field(True, description="use it where looks are logged; false: the pairs alone")
    order: Literal["response", "purchase", "logged"] = Field(
        "response",
        description="lists by the chance of any response to a look, of a purchase (front door adjusted), or "
        "by what will be chosen anyway: the response and how often the shop shows the item",
    )
    dim: int = Field(10, ge=1, le=64, description="directions of taste")
    sweeps: int = Field(300, ge=4, description="Gibbs sweeps")
    repair_sweeps: int = Field(
        20,
        ge=4,
        description="sweeps of a fit that begins where another ended, to forget users or items",
    )
    refit_sweeps: int = Field(
        200, ge=4, description="sweeps of the fit on everything, which begins where the evaluated one ended"
    )
    columns: int = Field(32, ge=2, le=256, description="most columns of the averaged tables")
    content: bool = Field(True, description="content says what to expect of an item")
    codes: bool = Field(True, description="brand, category and learnt codes carry the demand of items")
    shuffled_codes: bool = Field(False, description="codes dealt out to items at random: a refuter")
    depths: bool = Field(True, description="carts and purchases are evidence beyond the click")
    examination: bool = Field(True, description="positions are examined with a learnt, falling chance")
    accidents: bool = Field(True, description="some responses are accidents, at a learnt rate")
    half_life: float = Field(0.0, ge=0, description="days after which a look counts half; 0: never")
