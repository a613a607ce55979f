"""Audiences of a night, from the champion's states, the shop's rules, and what users already have."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.model.base import ServingTables
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.markets import Markets
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.package import ModelPackage
from causalrec.registry.versions import opened
from causalrec.scoring.behaviour.audience import audiences
from causalrec.scoring.markets import published_markets
from causalrec.scoring.offered import offered

SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("rank", pa.int32()),
        ("user_id", pa.string()),
        ("score", pa.float64()),
        ("model_version", pa.string()),
    ]
)
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Audiences:
    """Rows of the table, and a note on items without an audience."""

    rows: pa.Table
    notes: tuple[str, ...]


def audience_rows(
    settings: Settings, lake: Lake, dataset: Dataset, ds: dt.date, markets: Markets | None = None
) -> Audiences:
    """The best users for every item in ``lists.audience_items`` that may be shown tonight.

    Where markets count, of those in whose market the item is sold.

    Users without training pairs have no learnt state and belong to no audience.

    Raises:
        RegistryError: there is no champion.
    """
    champion = needed_champion(settings, lake)
    wanted = pd.Index(dict.fromkeys(settings.lists.audience_items))
    may = dataset.items.loc[offered(dataset, settings.scoring, lake, ds), "item_id"]
    with opened(champion) as package:
        known = wanted.isin(package.item_ids) & wanted.isin(may)
        notes = [f"no audience for {item}: unknown to the model, or blocked" for item in wanted[~known]]
        if not package.factorised:
            notes, known = [f"champion version {champion.version} has no states: no audiences"], known & False
        tables = package.tables() if known.any() else None
        if tables is None:
            return Audiences(SCHEMA.empty_table(), tuple(notes))
        night = None if markets is None else (markets, published_markets(markets, lake, ds, dataset.user_ids))
        rows = _rows(settings, dataset, package, tables, wanted[known], champion.version, night)
    return Audiences(rows, tuple(notes))


def _rows(
    settings: Settings,
    dataset: Dataset,
    package: ModelPackage,
    tables: ServingTables,
    wanted: "pd.Index[str]",
    version: str,
    placed: tuple[Markets, Texts] | None,
) -> pa.Table:
    """Rows of the table; ``placed`` are the markets and the market (U,) of each user."""
    chosen = settings.lists
    at = package.rows_of(dataset.user_ids)
    people = np.flatnonzero(at >= 0)
    items = tables.items[pd.Index(package.item_ids).get_indexer(wanted)]
    taken = _taken(dataset, people, wanted)
    sold = None
    if placed is not None:
        markets, names = placed
        sells = markets.sold[:, pd.Index(dataset.item_ids).get_indexer(wanted)]
        sold = pd.Index(markets.names).get_indexer(pd.Index(names[people])), sells
    states, most = tables.users[at[people]], (chosen.audience_size, chosen.audience_per_user)
    found = audiences(states, items, taken, *most, sold)
    return pa.table(
        {
            "item_id": pa.array(wanted.to_numpy()[found["item"]], pa.string()),
            "rank": pa.array(found["rank"], pa.int32()),
            "user_id": pa.array(dataset.user_ids[people[found["user"]]], pa.string()),
            "score": pa.array(found["score"], pa.float64()),
            "model_version": pa.array([version] * len(found), pa.string()),
        }
    )


def _taken(dataset: Dataset, people: Ints, wanted: "pd.Index[str]") -> tuple[Ints, Ints]:
    """Positions in ``people`` and in ``wanted`` of pairs that users already have."""
    place = wanted.get_indexer(pd.Index(dataset.item_ids))[dataset.seen[1]]
    owner = np.full(dataset.user_ids.size, -1, dtype=np.int64)
    owner[people] = np.arange(people.size)
    rows = owner[dataset.seen[0]]
    keep = (place >= 0) & (rows >= 0)
    return rows[keep], np.asarray(place[keep], dtype=np.int64)
