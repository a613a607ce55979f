"""What a raw model of the same data, without any adjustment, would have shown the same user."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from causalrec.config import Settings
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.ranking.asked import Asked
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.histories import from_positions
from causalrec.ranking.merchandise.hidden import hidden_of
from causalrec.registry.package import ModelPackage
from causalrec.registry.store import connect
from causalrec.registry.versions import by_number, opened
from causalrec.scoring.markets import markets_of, published_markets
from causalrec.scoring.night import Night
from causalrec.scoring.tonight import tonight


@dataclass(frozen=True)
class RawList:
    """The raw model's list, best first; or the reason why there is none."""

    item_ids: tuple[str, ...] = ()
    why_not: str = ""


def raw_list(
    settings: Settings,
    lake: Lake,
    ds: dt.date,
    dataset: Dataset,
    version: str,
    user_id: str,
    history: tuple[str, ...],
    k: int,
) -> RawList:
    """Ranks tonight's catalogue for one user by the raw model, under the same rules.

    Places that the published list fills otherwise (exploration, new items, pins, promotions) are filled by
    taste here.

    Args:
        version: the registered version that wrote the published list.
        history: ids of the user's items, latest first.
    """
    try:
        with opened(by_number(connect(settings), settings, version)) as package:
            markets = markets_of(settings.scoring, dataset, lake, ds)
            market = None
            if markets is not None:
                (name,) = published_markets(markets, lake, ds, np.array([user_id], dtype=object))
                market = markets.market(name)
            catalogue = tonight(Night(package, dataset, lake, ds, market), settings.scoring)
            return _ranked(settings.scoring, package, catalogue, user_id, history, k)
    except RegistryError as error:
        return RawList(why_not=f"Model version {version} is no longer available: {error.what}.")


def _ranked(
    settings: ScoringSettings,
    package: ModelPackage,
    catalogue: Catalogue,
    user_id: str,
    history: tuple[str, ...],
    k: int,
) -> RawList:
    engine = package.raw_engine(settings, catalogue)
    if engine is None:
        return RawList(why_not="Nothing was adjusted: this model version has no raw model to compare with.")
    users = np.array([user_id], dtype=object)
    rows = package.rows_of(users)
    if rows[0] < 0:
        return RawList(
            why_not="There is nothing to compare with: the raw model only knows users it was trained on."
        )
    place = {item: number for number, item in enumerate(catalogue.item_ids)}
    past = np.array([place[item] for item in history if item in place], dtype=np.int64)
    hidden = hidden_of(settings.merchandise, users, catalogue.item_ids)
    chosen = from_positions(np.array([past.size]), past)
    blocks = list(engine.ranked(Asked(rows, chosen, k, users, hidden=hidden)))
    return RawList(tuple(str(catalogue.item_ids[item]) for block in blocks for item in block.items))
