"""The places that a rules file reserves on one night, for the items of a catalogue."""

import datetime as dt
from dataclasses import replace

import pandas as pd

from causalrec.ranking.item_rules import ItemRules, Reserved
from causalrec.ranking.merchandise.rules_file import Merchandise


def reserved(rules: ItemRules, items: pd.DataFrame, merchandise: Merchandise, ds: dt.date) -> ItemRules:
    """``rules`` with the pins and promotions of ``ds``.

    Args:
        items: item_id, brand, category and the columns that the rules need, in the order of the rules.
    """
    pins = [pin for pin in merchandise.pins if pin.active(ds)]
    promotions = [one for one in merchandise.promotions if one.active(ds)]
    return replace(
        rules,
        pinned=tuple(Reserved((items["item_id"] == pin.item).to_numpy(), rank=pin.rank) for pin in pins),
        promoted=tuple(Reserved(one.fits(items), share=one.share) for one in promotions),
    )
