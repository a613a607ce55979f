"""Lists of a fixed sample of a night's users, on the driver and without Spark."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from causalrec.config.scoring import ScoringSettings
from causalrec.lake import Lake
from causalrec.ranking.asked import Asked
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.histories import from_ids
from causalrec.ranking.item_rules import Bools, Texts
from causalrec.ranking.merchandise.hidden import hidden_of, per_user
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.topk import TopK
from causalrec.registry.package import ModelPackage
from causalrec.scoring.night import Night

SAMPLE = 2_000  # users whose lists stand for everybody's


@dataclass(frozen=True)
class Sampled:
    """Some users (B,), the lists of item ids that they have, and the night that draws their places."""

    users: Texts
    past: pa.Array
    ds: dt.date

    def only(self, mine: Bools | None) -> "Sampled":
        """Some of them; None: all."""
        return self if mine is None else Sampled(self.users[mine], self.past.filter(pa.array(mine)), self.ds)

    def lists(self, package: ModelPackage, scoring: ScoringSettings, catalogue: Catalogue) -> TopK:
        """Their lists with scores by the model; rows are places in ``users``."""
        engine = package.engine(scoring, catalogue)
        parts = list(engine.listed(self._asked(package, scoring, catalogue)))
        return TopK(*(np.concatenate(arrays) for arrays in zip(*map(_arrays, parts), strict=True)))

    def ranked(
        self, package: ModelPackage, scoring: ScoringSettings, catalogue: Catalogue
    ) -> Iterator[Ranked]:
        """The same with policies and reasons, a block of users at a time."""
        yield from package.engine(scoring, catalogue).ranked(self._asked(package, scoring, catalogue))

    def _asked(self, package: ModelPackage, scoring: ScoringSettings, catalogue: Catalogue) -> Asked:
        """What an engine is asked."""
        past = from_ids(self.past, pa.array(catalogue.item_ids, pa.string()))
        hidden = hidden_of(scoring.merchandise, self.users, catalogue.item_ids)
        return Asked(package.rows_of(self.users), past, scoring.k, self.users, self.ds.isoformat(), hidden)


def sampled(night: Night, most: int = SAMPLE) -> Sampled:
    """At most ``most`` users of the night, the same ones on every call."""
    everybody = night.dataset.user_ids if night.people is None else night.people
    users = _sample_of(everybody, most)
    return Sampled(users, _histories_of(night.lake, night.ds, users), night.ds)


def _sample_of(ids: Texts, most: int) -> Texts:
    """At most ``most`` of them, chosen by a hash of the id."""
    order = np.argsort(pd.util.hash_array(ids), kind="stable")[:most]
    found: Texts = ids[np.sort(order)]
    return found


def _histories_of(lake: Lake, ds: dt.date, users: Texts) -> pa.Array:
    """Lists of item ids, latest first, in the order of ``users``."""
    columns = ["user_id", "item_id", "last_time"]
    rows = lake.table("interactions").read({"ds": [ds.isoformat()]}, columns)
    order: Sequence[tuple[str, str]] = [("last_time", "descending"), ("item_id", "ascending")]
    return per_user(rows.sort_by(order).select(["user_id", "item_id"]), users)


def _arrays(top: TopK) -> tuple[np.ndarray, ...]:
    return top.rows, top.columns, top.ranks, top.scores
