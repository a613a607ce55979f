"""Collects the rules of a shop for a model package: the rules file, hidden pairs, facts, markets."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.features.offers import latest_offers
from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.registry.shop_rules import SOLD, ShopRules

PRODUCTS = "products"


def rules_to_pack(settings: Settings, lake: Lake, dataset: Dataset, ds: dt.date) -> ShopRules:
    """The rules in force, without hidden pairs of erased users and of items that the dataset lacks.

    A column that no product has is null for all items, so that its rules fit nothing; the stage ``score``
    says so.

    Raises:
        SettingsError: the rules file, or its file of hidden pairs, cannot be read.
    """
    merchandise = read_merchandise(settings.scoring.merchandise)
    columns = sorted({column for column, _ in merchandise.needs()})
    offers = pd.DataFrame(index=pd.Index(dataset.item_ids))
    if columns:
        version = {pin.table: pin.version for pin in dataset.pins}.get(PRODUCTS)
        offers = latest_offers(lake, ds, columns, version).reindex(dataset.item_ids)
    return ShopRules(
        merchandise,
        _kept(merchandise.hidden_pairs(), dataset, lake),
        offers.rename_axis("item_id"),
        _sold(lake, dataset, ds) if settings.scoring.home_market else None,
        settings.scoring.home_market,
    )


def _sold(lake: Lake, dataset: Dataset, ds: dt.date) -> pa.Table:
    """Where each item of the dataset is sold, as the shop delivered it."""
    version = {pin.table: pin.version for pin in dataset.pins}.get(PRODUCTS)
    told = latest_offers(lake, ds, ["offers"], version).reindex(dataset.item_ids)["offers"]
    frame = pd.DataFrame({"item_id": dataset.item_ids, "offers": told.to_numpy()})
    return pa.Table.from_pandas(frame, SOLD, preserve_index=False)


def _kept(pairs: pa.Table, dataset: Dataset, lake: Lake) -> pa.Table:
    """Users of the dataset were not erased; others are compared with what was, one hash each."""
    listed = pairs.filter(pc.is_in(pairs["item_id"], value_set=pa.array(dataset.item_ids, pa.string())))
    known = pc.is_in(listed["user_id"], value_set=pa.array(dataset.user_ids, pa.string()))
    others = pc.unique(listed.filter(pc.invert(known))["user_id"]).to_numpy(zero_copy_only=False)
    erased = others[Erasures(lake).named("user", others.tolist())] if others.size else np.array([], object)
    return listed.filter(pc.invert(pc.is_in(listed["user_id"], value_set=pa.array(erased, pa.string()))))
