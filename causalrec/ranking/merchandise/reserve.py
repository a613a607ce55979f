"""The places that a rules file reserves on one night, for the items of a catalogue."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from causalrec.ranking.item_rules import Bools, ItemRules, Reserved
from causalrec.ranking.merchandise.rules_file import Merchandise, Promotion
from causalrec.ranking.rules import named


def reserved(rules: ItemRules, items: pd.DataFrame, merchandise: Merchandise, ds: dt.date) -> ItemRules:
    """``rules`` with the pins and promotions of ``ds``.

    Args:
        items: item_id, brand and category in the order of the rules.
    """
    pins = [pin for pin in merchandise.pins if pin.active(ds)]
    promotions = [one for one in merchandise.promotions if one.active(ds)]
    return replace(
        rules,
        pinned=tuple(Reserved((items["item_id"] == pin.item).to_numpy(), rank=pin.rank) for pin in pins),
        promoted=tuple(Reserved(_meant(items, one), share=one.share) for one in promotions),
    )


def _meant(items: pd.DataFrame, one: Promotion) -> Bools:
    """The items that a promotion names; brands and categories are compared as for blocking."""
    return np.asarray(named(items, one.items, one.brands, one.categories), dtype=np.bool_)
