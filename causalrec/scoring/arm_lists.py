"""The lists that a few users would get in every arm of a night, beside the one that they got."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL
from causalrec.dataset.load import load_dataset
from causalrec.experiment.policies import policies
from causalrec.lake import Lake
from causalrec.ranking.asked import Asked
from causalrec.ranking.histories import from_ids
from causalrec.ranking.merchandise.hidden import hidden_of
from causalrec.registry.store import connect
from causalrec.registry.versions import by_number, opened
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
    past = pa.array([list(items) for items in histories.values()], pa.list_(pa.string()))
    found: dict[str, dict[str, tuple[str, ...]]] = {user: {} for user in histories}
    dataset, client = load_dataset(settings, lake, ds), connect(settings)
    for arm, number in published_versions(settings, lake, ds).items():
        scoring = settings.scoring if arm == CONTROL else settings.experiment.arms[arm].over(settings.scoring)
        with opened(by_number(client, settings, number)) as package:
            catalogue = balanced_tonight(package, dataset, scoring, lake, ds)
            engine = package.engine(scoring, catalogue)
            known = from_ids(past, pa.array(catalogue.item_ids, pa.string()))
            rows = package.rows_of(users)
            hidden = hidden_of(scoring.merchandise, users, catalogue.item_ids)
            for block in engine.ranked(Asked(rows, known, scoring.k, users, ds.isoformat(), hidden)):
                for row in np.unique(block.users):  # a few users
                    items = block.items[block.users == row]
                    found[users[row]][arm] = tuple(str(item) for item in catalogue.item_ids[items])
    return dict(found)


def published_versions(settings: Settings, lake: Lake, ds: dt.date) -> dict[str, str]:
    """Arm -> version that wrote its published lists, the control first; empty where none were."""
    names = policies(settings.experiment)
    rows = lake.table("recommendations").read({"ds": [ds.isoformat()]}, ["policy", "model_version"])
    pairs = rows.group_by(["policy", "model_version"]).aggregate([]).to_pylist()
    found = {names[row["policy"]]: str(row["model_version"]) for row in pairs if row["policy"] in names}
    return {arm: found[arm] for arm in names.values() if arm in found}
