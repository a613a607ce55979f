"""The facts about items that the rules of a shop ask for."""

import datetime as dt
import json
from collections.abc import Sequence

import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset
from causalrec.errors import SettingsError
from causalrec.features.offers import latest_offers
from causalrec.lake import Lake
from causalrec.ranking.item_rules import Bools
from causalrec.ranking.markets import Market
from causalrec.ranking.merchandise.rules_file import Merchandise, read_merchandise
from causalrec.ranking.rules import allowed
from causalrec.registry.pins import dataset_row

PRODUCTS, EVENTS, PRICE = "products", "events", "price"


def offered(
    dataset: Dataset,
    settings: ScoringSettings,
    lake: Lake,
    ds: dt.date,
    market: Market | None = None,
    merchandise: Merchandise | None = None,
) -> Bools:
    """Whether each item of the dataset may be in any list of ``ds`` (in a market), bool (N,).

    Args:
        merchandise: rules instead of those that the settings name.

    Raises:
        SettingsError: a rules file cannot be read, or asks for what the shop does not deliver.
    """
    may = allowed(dataset.items, settings, ds)
    rules = read_merchandise(settings.merchandise) if merchandise is None else merchandise
    blocks = rules.blocks_of(ds)
    if blocks:
        items = with_offers(dataset.items, rules, dataset, lake, ds, market)
        for block in blocks:
            may &= ~block.fits(items)
    return may if market is None else may & market.sold


def priced(settings: ScoringSettings, ds: dt.date) -> bool:
    """Whether a block of ``ds`` goes by the price, so that markets with prices of their own differ."""
    return any(PRICE in block.columns for block in read_merchandise(settings.merchandise).blocks_of(ds))


def with_offers(
    items: pd.DataFrame,
    merchandise: Merchandise,
    dataset: Dataset,
    lake: Lake,
    ds: dt.date,
    market: Market | None = None,
) -> pd.DataFrame:
    """``items`` with the columns that the rules need, as the shop delivered them up to ``ds``.

    The price is that of the market, where it has one of its own.

    Raises:
        SettingsError: a rule needs a column that no product has.
    """
    needs = list(merchandise.needs())
    columns = sorted({column for column, _ in needs})
    if not columns:
        return items
    version = {pin.table: pin.version for pin in dataset.pins}.get(PRODUCTS)
    every = latest_offers(lake, ds, columns, version)
    given = {column for column in columns if every[column].notna().any()}
    offers = every.reindex(items["item_id"])
    if market is not None and PRICE in columns:
        own = pd.Series(market.prices, index=dataset.item_ids).reindex(items["item_id"])
        offers[PRICE] = own.where(own.notna(), pd.to_numeric(offers[PRICE]))
        given |= {PRICE} if own.notna().any() else set()
    for column, who in needs:
        if column not in given:
            raise SettingsError(
                f"{who} needs the {column} of items, and the shop delivers none",
                do=f"deliver the column {column} with the products, or take the rule out of the file",
            )
    return items.assign(**{column: offers[column].to_numpy() for column in columns})


def worth_of(
    merchandise: Merchandise, dataset: Dataset, lake: Lake, ds: dt.date, market: Market | None = None
) -> "pd.Series[float] | None":
    """item_id -> the price or margin by which the objective weighs; None where it weighs nothing.

    Raises:
        SettingsError: no product has one.
    """
    if not merchandise.weighs or merchandise.objective is None:
        return None
    offers = with_offers(dataset.items, merchandise, dataset, lake, ds, market).set_index("item_id")
    return pd.to_numeric(offers[merchandise.objective.value])


def offers_input(
    lake: Lake, ds: dt.date, *served: ScoringSettings, languages: Sequence[str] = ()
) -> dict[str, str]:
    """The version of the products, for fingerprints, where rules, markets or texts depend on it."""
    files = {one.merchandise for one in served} - {""}
    by_market = any(one.home_market for one in served)
    asked = any(column for file in files for column, _ in read_merchandise(file).needs())
    if not by_market and not languages and not asked:
        return {}
    pins = {pin["table"]: str(pin["version"]) for pin in json.loads(dataset_row(lake, ds)["pins"])}
    where = {"users": pins.get(EVENTS, "")} if by_market else {}
    return {"offers": pins.get(PRODUCTS, ""), **where}
