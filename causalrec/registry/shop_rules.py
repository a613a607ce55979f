"""The rules file of a shop inside a model package, with the facts that its rules ask for.

``hidden.parquet`` pairs that must not be listed · ``offers.parquet`` what the shop said of its items; both
only where a rules file was in force. ``markets.parquet`` where each item is sold; only where markets count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.histories import Histories, from_pairs
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.markets import Market, Markets
from causalrec.ranking.merchandise.rules_file import NOTHING, PAIRS, Merchandise

MERCHANDISE = "merchandise"  # key of the manifest
HOME = "home_market"  # key of the manifest
HIDDEN, OFFERS, MARKETS = "hidden.parquet", "offers.parquet", "markets.parquet"
PRICE = "price"
SOLD = pa.schema([("item_id", pa.string()), ("offers", pa.list_(pa.string()))])


@dataclass(frozen=True)
class ShopRules:
    """The rules of a version.

    Attributes:
        hidden: user_id and item_id of pairs that must not be listed.
        offers: by item_id, the columns that the rules ask for; null where the shop said nothing.
        sold: rows of :data:`SOLD` in the model's numbering, null where an item is sold everywhere; None where
            markets do not count.
        home: the home market.
    """

    merchandise: Merchandise
    hidden: pa.Table
    offers: pd.DataFrame
    sold: pa.Table | None = None
    home: str = ""

    @cached_property
    def markets(self) -> Markets | None:
        """Where items are sold; None where markets do not count, and in packages of older code."""
        return None if self.sold is None else Markets.of(self.sold["offers"].to_pandas(), self.home)

    def write(self, folder: Path) -> dict[str, Any]:
        """Writes the files; returns what goes into the manifest."""
        facts = {}
        if self.sold is not None:
            pq.write_table(self.sold, folder / MARKETS)
            facts = {HOME: self.home}
        if self.merchandise == NOTHING:
            return facts
        pq.write_table(self.hidden, folder / HIDDEN)
        pq.write_table(pa.Table.from_pandas(self.offers.reset_index(), preserve_index=False), folder / OFFERS)
        return facts | {MERCHANDISE: self.merchandise.model_dump(mode="json", exclude={"hidden"})}

    @staticmethod
    def read(folder: Path, manifest: Mapping[str, Any]) -> "ShopRules":
        """The rules of a package; none in packages of older code, and of a file that rules nothing."""
        there = HOME in manifest and (folder / MARKETS).is_file()
        sold = pq.read_table(folder / MARKETS) if there else None
        home = str(manifest.get(HOME, ""))
        if MERCHANDISE not in manifest or not (folder / OFFERS).is_file():
            offers = pd.DataFrame(index=pd.Index([], name="item_id"))
            return ShopRules(NOTHING, PAIRS.empty_table(), offers, sold, home)
        offers = pq.read_table(folder / OFFERS).to_pandas().set_index("item_id")
        merchandise = Merchandise.model_validate(manifest[MERCHANDISE])
        return ShopRules(merchandise, pq.read_table(folder / HIDDEN), offers, sold, home)

    def with_offers(self, items: pd.DataFrame, market: Market | None = None) -> pd.DataFrame:
        """``items`` with the columns that the rules ask for.

        Args:
            items: in the model's numbering.
            market: has prices of its own for some.
        """
        more = self.offers.reindex(items["item_id"])
        if market is not None and PRICE in more.columns:
            usual = pd.to_numeric(more[PRICE]).to_numpy(dtype=float)
            more = more.assign(**{PRICE: np.where(np.isnan(market.prices), usual, market.prices)})
        return items.assign(**{name: more[name].to_numpy() for name in more.columns})


@dataclass(frozen=True)
class HiddenPairs:
    """Hidden pairs as positions in a catalogue."""

    users: "pd.Index[str]"
    items: Histories

    @staticmethod
    def of(pairs: pa.Table, catalogue: Catalogue) -> "HiddenPairs":
        """Those whose item is in ``catalogue``."""
        names = pairs["user_id"].to_numpy(zero_copy_only=False).astype(object)
        codes, users = pd.factorize(names)
        wanted = pd.Index(pairs["item_id"].to_numpy(zero_copy_only=False).astype(object))
        places = pd.Index(catalogue.item_ids).get_indexer(wanted)
        return HiddenPairs(pd.Index(users, dtype=object), from_pairs(codes, places, len(users)))

    def from_users(self, users: Texts) -> Histories:
        """What is hidden from each of ``users`` (B,)."""
        return self.items.take(self.users.get_indexer(pd.Index(users)).astype(np.int64))
