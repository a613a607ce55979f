"""The scoring tables of a version as two files for numpy: ``scoring.safetensors`` and ``scoring.json``.

They give the lists that the served model gives, as far as vectors, histories, hidden pairs, boosts and the
objective decide them; the header names the other rules. docs/vectors.md has the reader.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import save_file

from causalrec.dataset.arrays import Floats
from causalrec.errors import RegistryError
from causalrec.ranking.boosted import boosted
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import Histories, from_pairs, from_positions
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.vectors import item_vectors, user_vectors
from causalrec.registry.asked import asked_market
from causalrec.registry.package import ModelPackage
from causalrec.registry.shop_rules import HiddenPairs

TENSORS, HEADER = "scoring.safetensors", "scoring.json"
FORMAT = 1
BETWEEN = "\0"  # ids, which may hold anything else
CAPS = ("max_per_category", "max_per_brand", "diversity")  # settings that choose within the best items


@dataclass(frozen=True)
class _Users:
    """The users of a version (U,), and what they must not get as positions in the catalogue."""

    ids: Texts
    past: Histories
    never: Histories


def write_scoring_tables(
    package: ModelPackage, folder: Path, origin: Mapping[str, str], market: str = ""
) -> dict[str, Any]:
    """Writes both files into ``folder``; returns the header.

    Args:
        origin: names and numbers of the version, for the header.
        market: whose items are written; empty: those of the home market.

    Raises:
        ScoringError: the model has no vectors.
        RegistryError: an id holds a zero character.
        RequestError: the version has no such market.
    """
    name = asked_market(market, package.shop_rules.markets)
    catalogue = package.offer_in(name)
    found, users = item_vectors(catalogue), _users(package, catalogue)
    engine = package.engine(package.scoring, catalogue)
    arrays: dict[str, npt.NDArray[Any]] = {
        "items": found.vectors,
        "log_factor": found.log_factor,
        "popularity": boosted(catalogue).popularity,
        "users": _states(engine, package, users, found.vectors.shape[1]),
        "seen": users.never.items.astype(np.int32),
        "seen_indptr": users.never.indptr,
        "item_ids": _as_bytes(catalogue.item_ids),
        "user_ids": _as_bytes(users.ids),
    }
    header = {
        "format": FORMAT,
        **origin,
        **({"market": name} if name else {}),
        "dataset_id": package.manifest.get("dataset_id"),
        "ds": package.manifest.get("ds"),
        "k": package.scoring.k,
        "dim": found.vectors.shape[1],
        "items": int(catalogue.size),
        "users": int(users.ids.size),
        "normalised": False,
        "ordered_by": found.ordered_by,
        "not_applied": _left_out(package, catalogue),
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / TENSORS)
    (folder / HEADER).write_text(json.dumps(header, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return header


def _users(package: ModelPackage, catalogue: Catalogue) -> _Users:
    """Everybody in the version, and those from whom something is hidden."""
    hidden, known = HiddenPairs.of(package.shop_rules.hidden, catalogue), pd.Index(package.user_ids)
    ids = known.append(hidden.users.difference(known)).to_numpy(object)
    held = package.histories(catalogue).take(known.get_indexer(pd.Index(ids)).astype(np.int64))
    past = from_positions(held.lengths, held.items)
    owners, items = past.pairs()
    once = ~catalogue.rules.rebuyable[items] & package.scoring.exclude_seen
    others, never = hidden.from_users(ids).pairs()
    rows, places = np.concatenate([owners[once], others]), np.concatenate([items[once], never])
    keys = np.unique(rows * catalogue.size + places)
    rows, places = np.divmod(keys, max(catalogue.size, 1))
    return _Users(ids, past, from_pairs(rows, places, ids.size))


def _states(engine: Engine, package: ModelPackage, users: _Users, width: int) -> Floats:
    """float32 (U + 1, width); zero where nothing is known, as in the last row, which is nobody's."""
    states = np.zeros((users.ids.size + 1, width), dtype=np.float32)
    rows = package.rows_of(users.ids)
    for block in user_vectors(engine, rows, users.past, package.scoring.user_block):
        states[block.places] = block.vectors
    return states


def _as_bytes(ids: Texts) -> npt.NDArray[np.uint8]:
    text = BETWEEN.join(ids)
    if text.count(BETWEEN) != max(ids.size - 1, 0):
        raise RegistryError("an id holds a zero character", do="deliver ids without it, and train again")
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _left_out(package: ModelPackage, catalogue: Catalogue) -> list[str]:
    """Rules of the version that a product of vectors cannot keep."""
    rules, scoring = catalogue.rules, package.scoring
    named = {
        "pins": bool(rules.pinned),
        "promotions": bool(rules.promoted),
        "list caps": any(one.list_share is not None for one in rules.capped),
        "night caps": any(one.night_share is not None for one in rules.capped),
        "exploration": scoring.explore_share > 0,
        "places for new items": scoring.new_item_share > 0,
    }
    named |= {name: bool(getattr(scoring, name)) for name in CAPS}
    return [name for name, there in named.items() if there]
