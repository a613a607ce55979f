"""What the model that wrote a list would have shown the same user without the causal adjustment."""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from causalrec.config import Settings
from causalrec.config.sections import ScoringSettings
from causalrec.dataset.load import Dataset
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.histories import from_positions
from causalrec.registry.package import ModelPackage
from causalrec.registry.store import connect
from causalrec.registry.versions import by_number, opened
from causalrec.scoring.tonight import tonight


@dataclass(frozen=True)
class Without:
    """The other list, best first; or, where there is none, why."""

    item_ids: tuple[str, ...] = ()
    why_not: str = ""


def without_adjustment(
    settings: Settings,
    lake: Lake,
    ds: dt.date,
    dataset: Dataset,
    version: str,
    user_id: str,
    history: tuple[str, ...],
    k: int,
) -> Without:
    """Ranks tonight's catalogue for one user by the factual states, under the same rules.

    Places that the published list gives by chance (exploration, new items) are given by taste here.

    Args:
        version: the registered version that wrote the published list.
        history: item ids that the user has, latest first.
    """
    try:
        with opened(by_number(connect(settings), settings, version)) as package:
            catalogue = tonight(package, dataset, settings.scoring, lake, ds)
            return _ranked(settings.scoring, package, catalogue, user_id, history, k)
    except RegistryError as error:
        return Without(why_not=f"model version {version} is not there any more: {error.what}")


def _ranked(
    settings: ScoringSettings,
    package: ModelPackage,
    catalogue: Catalogue,
    user_id: str,
    history: tuple[str, ...],
    k: int,
) -> Without:
    if catalogue.unadjusted is None:
        return Without(why_not="this kind of model makes no adjustment")
    rows = package.rows_of(np.array([user_id]))
    if rows[0] < 0 and not history:
        return Without(why_not="the list is not personal: nothing was known of the user")
    place = {item: number for number, item in enumerate(catalogue.item_ids)}
    past = np.array([place[item] for item in history if item in place], dtype=np.int64)
    factual = replace(catalogue, states=catalogue.unadjusted)
    engine = package.engine(settings, factual)
    blocks = list(engine.recommend(rows, from_positions(np.array([past.size]), past), k))
    return Without(tuple(str(catalogue.item_ids[item]) for block in blocks for item in block.items))
