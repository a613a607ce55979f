"""What every list of a night rests on."""

import datetime as dt
from dataclasses import dataclass

from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.markets import Market
from causalrec.registry.package import ModelPackage


@dataclass(frozen=True)
class Night:
    """A model, the data of a date, and the tables that say what the shop offered then.

    Attributes:
        market: of the users whose lists are made; None where markets do not count.
        people: ids of these users; None: all of the dataset.
    """

    package: ModelPackage
    dataset: Dataset
    lake: Lake
    ds: dt.date
    market: Market | None = None
    people: Texts | None = None
