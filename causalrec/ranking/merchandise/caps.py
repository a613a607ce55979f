"""The caps of a rules file on one night, as groups of items."""

import datetime as dt

import pandas as pd

from causalrec.ranking.item_rules import Capped
from causalrec.ranking.merchandise.kinds import Cap
from causalrec.ranking.merchandise.rules_file import Merchandise
from causalrec.ranking.rules import within


def item_caps(items: pd.DataFrame, merchandise: Merchandise, ds: dt.date) -> tuple[Capped, ...]:
    """The groups that the caps of ``ds`` speak of; names are compared case-insensitively.

    Args:
        items: brand, category, and seller where a cap is by seller, (n,).
    """
    return tuple(_capped(items, cap) for cap in merchandise.caps if cap.active(ds))


def _capped(items: pd.DataFrame, cap: Cap) -> Capped:
    spelt = items[cap.by].fillna("").astype(str).reset_index(drop=True)
    known = spelt.str.casefold()
    if cap.names:
        wanted = pd.Series("", index=known.index)
        for name in cap.names:
            mine = within(spelt, (name,)) if cap.by == "category" else known == name.casefold()
            wanted[mine] = name.casefold()
        known, spelt = wanted, wanted.map({name.casefold(): name for name in cap.names}).fillna("")
    codes, groups = pd.factorize(known.where(known != ""), sort=True)
    first = spelt.groupby(known).first()
    return Capped(
        codes.astype("int32"),
        tuple(str(first[name]) for name in groups),
        cap.by,
        cap.list_share,
        cap.night_share,
    )
