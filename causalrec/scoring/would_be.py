"""What the lists of a night would be under another rules file, for a sample of the users."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from causalrec.config import Settings
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake
from causalrec.ranking.histories import from_ids
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.merchandise.hidden import hidden_of, per_user
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.ranking.ranked import Fallback
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.package import ModelPackage
from causalrec.registry.versions import opened
from causalrec.scoring.tonight import tonight


@dataclass(frozen=True)
class WouldBe:
    """The same users' lists under the rules in force and under others, with the same draws.

    Attributes:
        before, after: user_id, rank, item_id, score and policy of every row, and whether the score is the
            model's (``by_taste``): that of a user of whom nothing is known is the item's popularity.
        logits: whether scores are log-odds of a response once the item is shown.
        version: of the champion, which made both.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    logits: bool
    version: str


def would_be(settings: Settings, lake: Lake, ds: dt.date, file: str, most: int) -> WouldBe:
    """Lists of at most ``most`` users, a fixed sample, without writing anything.

    Args:
        file: the rules file to compare with ``scoring.merchandise``; empty: no rules.

    Raises:
        SettingsError: a rules file is wrong. RegistryError: there is no champion.
        DatasetError: there is no dataset of ``ds``.
    """
    sides = (settings.scoring, settings.scoring.model_copy(update={"merchandise": file}))
    for side in sides:
        read_merchandise(side.merchandise)
    champion, dataset = needed_champion(settings, lake), load_dataset(settings, lake, ds)
    users = _sample(dataset.user_ids, most)
    past = _histories(lake, ds, users)
    with opened(champion) as package:
        before, after = (_lists(package, dataset, lake, ds, side, users, past) for side in sides)
        response = package.catalogue.looks is not None and settings.model.response.order == "response"
    return WouldBe(before, after, response, champion.version)


def _lists(
    package: ModelPackage,
    dataset: Dataset,
    lake: Lake,
    ds: dt.date,
    scoring: ScoringSettings,
    users: Texts,
    past: pa.Array,
) -> pd.DataFrame:
    catalogue = tonight(package, dataset, scoring, lake, ds)
    ids = pa.array(catalogue.item_ids, pa.string())
    hidden = hidden_of(scoring.merchandise, users, catalogue.item_ids)
    engine, rows = package.engine(scoring, catalogue), package.rows_of(users)
    blocks = engine.recommend(rows, from_ids(past, ids), scoring.k, users, ds.isoformat(), hidden)
    frames = [
        pd.DataFrame(
            {
                "user_id": users[block.users],
                "rank": block.ranks,
                "item_id": catalogue.item_ids[block.items],
                "score": block.scores.astype(float),
                "policy": block.policies,
                "by_taste": np.char.find(block.fallback.astype(str), Fallback.COLD_USER.value) < 0,
            }
        )
        for block in blocks
    ]
    return pd.concat(frames, ignore_index=True)


def _sample(ids: Texts, most: int) -> Texts:
    """Chosen by a hash of the id."""
    order = np.argsort(pd.util.hash_array(ids), kind="stable")[:most]
    found: Texts = ids[np.sort(order)]
    return found


def _histories(lake: Lake, ds: dt.date, users: Texts) -> pa.Array:
    """Lists of item ids, latest first, in the order of ``users``."""
    columns = ["user_id", "item_id", "last_time"]
    rows = lake.table("interactions").read({"ds": [ds.isoformat()]}, columns)
    order: Sequence[tuple[str, str]] = [("last_time", "descending"), ("item_id", "ascending")]
    return per_user(rows.sort_by(order).select(["user_id", "item_id"]), users)
