"""What a version may list: the items that its own rules allow on the date of its data, in one market."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.markets import Market
from causalrec.ranking.merchandise.boost import item_boosts
from causalrec.ranking.merchandise.caps import item_caps
from causalrec.ranking.merchandise.reserve import reserved
from causalrec.ranking.rules import allowed, item_rules
from causalrec.registry.shop_rules import ShopRules


def offer_of(
    whole: Catalogue,
    items: pd.DataFrame,
    scoring: ScoringSettings,
    rules: ShopRules,
    ds: dt.date,
    market: Market | None,
    *,
    odds: bool,
) -> Catalogue:
    """The part of a version's catalogue that may be listed, with its rules file.

    Args:
        items: item_id and what the rules ask for, in the numbering of the model; null where unknown.
        market: where, with prices of its own; None where markets do not count.
        odds: whether scores are log-odds of a response.
    """
    facts, file = rules.with_offers(items, market), rules.merchandise
    may = allowed(facts, scoring, ds)
    for block in file.blocks_of(ds):
        may &= ~block.fits(facts)
    if market is not None:
        may &= market.sold
    found = whole.only(items["item_id"].to_numpy(dtype=object)[may])
    rows = facts.iloc[found.model_rows].reset_index(drop=True)
    own = reserved(item_rules(rows, scoring, ds, np.ones(found.size, dtype=np.bool_)), rows, file, ds)
    boosts = item_boosts(rows, own.listed, file, ds, odds=odds)
    return replace(found, rules=replace(own, boosts=boosts, capped=item_caps(rows, file, ds)))
