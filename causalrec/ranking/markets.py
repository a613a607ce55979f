"""Where the items of a shop are sold, and for how much, as it delivered them with its products.

An entry of a product's ``offers`` is a market, with its price and currency where they are not those of the
product: ``AT``, ``DE:12.50 EUR``. An item without ``offers`` is sold everywhere. An entry that cannot be read
sells nothing, so an item is never shown where nobody knows whether it is sold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.ranking.item_rules import Bools, Texts

BETWEEN = ","  # names of markets in a table; no name has one
ENTRY = r"^\s*(?P<market>[^\s:,][^:,]*?)\s*(?::\s*(?P<price>\d+(?:\.\d+)?)\s*(?P<currency>[A-Za-z]{3})?\s*)?$"
LOCAL = r"^\s*(?P<language>[A-Za-z]{2,3}(?:[-_][A-Za-z]{2})?)\s*:\s*(?P<title>\S.*?)\s*$"
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Market:
    """One market; arrays (N,) in the order of the items.

    Attributes:
        sold: whether the item is sold there.
        prices: NaN where the price is that of the product.
    """

    name: str
    sold: Bools
    prices: Doubles


@dataclass(frozen=True)
class Markets:
    """All markets of a night.

    Attributes:
        limited: (N,) items that say where they are sold.
        entries: row (of the item), market, price and currency; one row per item and market.
        unread: entries that could not be read.
        home: of users who are in none.
    """

    limited: Bools
    entries: pd.DataFrame
    unread: int
    home: str

    @staticmethod
    def of(offers: "pd.Series[list[str]]", home: str) -> "Markets":
        """From the ``offers`` of every item, null where it is sold everywhere."""
        limited = offers.notna().to_numpy(dtype=bool)
        single = offers.reset_index(drop=True)[limited].explode()
        told = single.fillna("").astype(str).str.extract(ENTRY)
        read = told["market"].notna()
        unread = int((~read & single.notna()).sum())
        told = told[read]
        entries = told.assign(market=told["market"].map(market_name), price=pd.to_numeric(told["price"]))
        entries = entries.rename_axis("row").reset_index().drop_duplicates(["row", "market"])
        return Markets(limited, entries, unread, market_name(home))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every market that an item names, and home."""
        return tuple(sorted({*self.entries["market"], self.home}))

    @cached_property
    def sold(self) -> Bools:
        """Whether each of :attr:`names` sells each item, (M, N)."""
        found = np.repeat(~self.limited[None], len(self.names), axis=0)
        where = pd.Index(self.names).get_indexer(pd.Index(self.entries["market"]))
        found[where, self.entries["row"].to_numpy(dtype=int)] = True
        return found

    def of_users(self, named: Texts) -> Texts:
        """The market (U,) of each user; of who named none, or one where the shop has no offers: home."""
        found = pd.Series(named, dtype=object).map(market_name, na_action="ignore")
        texts: Texts = found.where(found.isin(self.names), self.home).to_numpy(dtype=object)
        return texts

    def market(self, name: str) -> Market:
        """What is sold in one market."""
        mine = self.entries[self.entries["market"] == name]
        prices = np.full(self.limited.size, np.nan)
        prices[mine["row"].to_numpy(dtype=int)] = mine["price"].to_numpy(dtype=float)
        return Market(name, self.sold[self.names.index(name)], prices)

    def unsold(self, rows: npt.NDArray[np.int64], told: Texts) -> int:
        """How many rows of a table name a market that does not sell their item, or does not exist.

        Args:
            rows: (R,) the item of each row. told: (R,) its markets, as :func:`where_sold` tells them.
        """
        codes, texts = pd.factorize(told, use_na_sentinel=False)
        wrong = np.zeros(rows.size, dtype=np.bool_)
        named = [set(self.names) if pd.isna(text) else set(text.split(BETWEEN)) for text in texts]
        for name, sold in zip(self.names, self.sold, strict=True):
            wrong |= np.array([name in one for one in named], dtype=np.bool_)[codes] & ~sold[rows]
        wrong |= np.array([not one <= set(self.names) for one in named], dtype=np.bool_)[codes]
        return int(wrong.sum())


def where_sold(names: Sequence[str], sold: Bools) -> Texts:
    """Per item the markets that sell it, with commas between; None where all do.

    Args:
        sold: (M, N), in the order of ``names``.
    """
    kinds, kind = np.unique(sold.T, axis=0, return_inverse=True)
    texts = [None if one.all() else BETWEEN.join(np.asarray(names, dtype=object)[one]) for one in kinds]
    return np.array([*texts, None], dtype=object)[kind.ravel()]


def market_name(name: str) -> str:
    """Markets are compared without case and spaces around."""
    return name.strip().upper()


def local_titles(titles: "pd.Series[list[str]]", languages: Iterable[str]) -> dict[str, "pd.Series[str]"]:
    """Language -> titles of the items, from entries such as ``de:Blauer Becher``; null where none is."""
    single = titles.reset_index(drop=True).explode()
    told = single.fillna("").astype(str).str.extract(LOCAL)
    language = told["language"].str.lower().str.replace("_", "-")
    found = {}
    for name in languages:
        exact, broad = (told["title"][language == wanted] for wanted in (name.lower(), name.lower()[:2]))
        mine = exact if len(exact) else broad
        found[name] = mine.groupby(level=0).first().reindex(range(len(titles)))
    return found
