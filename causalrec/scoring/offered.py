"""The facts about items that the rules of a shop ask for."""

import datetime as dt
import json

import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset
from causalrec.errors import SettingsError
from causalrec.features.offers import latest_offers
from causalrec.lake import Lake
from causalrec.ranking.merchandise.rules_file import Merchandise, read_merchandise
from causalrec.registry.pins import dataset_row

PRODUCTS = "products"


def with_offers(
    items: pd.DataFrame, merchandise: Merchandise, dataset: Dataset, lake: Lake, ds: dt.date
) -> pd.DataFrame:
    """``items`` with the columns that the rules need, as the shop delivered them up to ``ds``.

    Raises:
        SettingsError: a rule needs a column that no product has.
    """
    needs = list(merchandise.needs())
    columns = sorted({column for column, _ in needs})
    if not columns:
        return items
    version = {pin.table: pin.version for pin in dataset.pins}.get(PRODUCTS)
    offers = latest_offers(lake, ds, columns, version).reindex(items["item_id"])
    for column, who in needs:
        if not offers[column].notna().any():
            raise SettingsError(
                f"{who} needs the {column} of items, and the shop delivers none",
                do=f"deliver the column {column} with the products, or take the rule out of the file",
            )
    return items.assign(**{column: offers[column].to_numpy() for column in columns})


def worth_of(
    merchandise: Merchandise, dataset: Dataset, lake: Lake, ds: dt.date
) -> "pd.Series[float] | None":
    """item_id -> the price or margin by which the objective weighs; None where it weighs nothing.

    Raises:
        SettingsError: no product has one.
    """
    if not merchandise.weighs or merchandise.objective is None:
        return None
    offers = with_offers(dataset.items, merchandise, dataset, lake, ds).set_index("item_id")
    return pd.to_numeric(offers[merchandise.objective.value])


def offers_input(lake: Lake, ds: dt.date, *served: ScoringSettings) -> dict[str, str]:
    """The version of the products, for fingerprints, where a rules file depends on what they cost or have."""
    files = {one.merchandise for one in served} - {""}
    if not any(column for file in files for column, _ in read_merchandise(file).needs()):
        return {}
    pins = json.loads(dataset_row(lake, ds)["pins"])
    return {"offers": next((str(pin["version"]) for pin in pins if pin["table"] == PRODUCTS), "")}
