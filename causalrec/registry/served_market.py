"""What answers the requests for one market."""

from dataclasses import dataclass

import pandas as pd

from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import Histories, from_positions
from causalrec.ranking.wording.compose import Wording
from causalrec.registry.package import ModelPackage
from causalrec.registry.shop_rules import HiddenPairs

NO_DRAWS = {"explore_share": 0.0, "new_item_share": 0.0}
"""Settings of places that only the nightly table gives, with their propensities."""


@dataclass(frozen=True)
class ServedMarket:
    """An engine over what is sold in the market, and all that goes by the engine's numbering of items.

    Attributes:
        users: those whose histories are known, by position.
        hidden: what the shop hides from users.
    """

    users: "pd.Index[str]"
    engine: Engine
    histories: Histories
    hidden: HiddenPairs
    wording: Wording

    @staticmethod
    def of(package: ModelPackage, market: str) -> "ServedMarket":
        """The part of a version for ``market``; empty where markets do not count."""
        offer = package.offer_in(market)
        past = package.histories(offer)
        return ServedMarket(
            pd.Index(package.user_ids),
            package.engine(package.scoring.model_copy(update=NO_DRAWS), offer),
            from_positions(past.lengths, past.items),
            HiddenPairs.of(package.shop_rules.hidden, offer),
            package.wording(offer),
        )
