"""The lists that a few users would get in every arm of a night, beside the one that they got."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import load_dataset
from causalrec.experiment.policies import policies
from causalrec.lake import Lake
from causalrec.ranking.asked import Asked
from causalrec.ranking.histories import from_ids
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.merchandise.hidden import hidden_of
from causalrec.registry.store import connect
from causalrec.registry.versions import by_number, opened
from causalrec.scoring.markets import groups, markets_of, published_markets
from causalrec.scoring.night import Night
from causalrec.scoring.night_caps import balanced_tonight

Lists = Mapping[str, tuple[str, ...]]
"""Arm -> item ids, best first."""


def arm_lists(
    settings: Settings, lake: Lake, ds: dt.date, histories: Mapping[str, Sequence[str]]
) -> dict[str, Lists]:
    """User -> lists of every arm whose lists were published for ``ds``, with the same draws.

    Args:
        histories: user -> item ids that they have.

    Raises:
        RegistryError: a version is no longer there. DatasetError: there is no dataset of ``ds``.
    """
    users = np.array(list(histories), dtype=object)
    found: dict[str, dict[str, tuple[str, ...]]] = {user: {} for user in histories}
    dataset, client = load_dataset(settings, lake, ds), connect(settings)
    markets = markets_of(settings.scoring, dataset, lake, ds)
    at = None if markets is None else published_markets(markets, lake, ds, users)
    for arm, number in published_versions(settings, lake, ds).items():
        scoring = settings.scoring if arm == CONTROL else settings.experiment.arms[arm].over(settings.scoring)
        with opened(by_number(client, settings, number)) as package:
            for group in groups(markets, at):
                own = users if group.mine is None else users[group.mine]
                night = Night(package, dataset, lake, ds, group.market)
                for user, items in _lists(night, scoring, own, histories).items():
                    found[user][arm] = items
    return dict(found)


def _lists(
    night: Night, scoring: ScoringSettings, users: Texts, histories: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """User -> items, best first."""
    catalogue = balanced_tonight(night, scoring)
    past = from_ids(
        pa.array([list(histories[user]) for user in users], pa.list_(pa.string())),
        pa.array(catalogue.item_ids, pa.string()),
    )
    hidden = hidden_of(scoring.merchandise, users, catalogue.item_ids)
    rows = night.package.rows_of(users)
    asked = Asked(rows, past, scoring.k, users, night.ds.isoformat(), hidden)
    return {
        users[row]: tuple(str(item) for item in catalogue.item_ids[block.items[block.users == row]])
        for block in night.package.engine(scoring, catalogue).ranked(asked)
        for row in np.unique(block.users)  # a few users
    }


def published_versions(settings: Settings, lake: Lake, ds: dt.date) -> dict[str, str]:
    """Arm -> version that wrote its published lists, the control first; empty where none were."""
    names = policies(settings.experiment)
    rows = lake.table("recommendations").read({"ds": [ds.isoformat()]}, ["policy", "model_version"])
    pairs = rows.group_by(["policy", "model_version"]).aggregate([]).to_pylist()
    found = {names[row["policy"]]: str(row["model_version"]) for row in pairs if row["policy"] in names}
    return {arm: found[arm] for arm in names.values() if arm in found}
