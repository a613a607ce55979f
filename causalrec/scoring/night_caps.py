"""Keeps brands, sellers and categories below their largest share of all places of a night.

The share is amortised: who wants a capped brand most still gets it. One number per capped group, a price in
units of the score, is taken off the score of its items, the smallest for which the share is kept (the
multiplier of the constraint; Singh and Joachims 2018 constrain exposure in expectation in the same way).
Prices are found on a sample of users, with room for its error, and are the same on every machine.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.boosted import boosts_of
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.item_rules import Boosts, Capped
from causalrec.ranking.topk import TopK
from causalrec.registry.package import ModelPackage
from causalrec.scoring.night import Night
from causalrec.scoring.sampled import Sampled, sampled
from causalrec.scoring.tonight import tonight

HALVINGS = 8  # of the interval in which a price lies
HIGHEST = 64.0  # price at which no item of a group is chosen by taste any more
FIRST = 0.25  # price that is tried first
MOST_PRICES = 50  # groups that are priced on one night, some of them more than once
SURE = 1.64  # standard errors of room, so that 95 of 100 nights keep a share that is measured on a sample
Prices = npt.NDArray[np.float64]


def balanced_tonight(night: Night, settings: ScoringSettings) -> Catalogue:
    """:func:`~causalrec.scoring.tonight.tonight` with the prices of the caps that hold on the night."""
    return balanced(night, tonight(night, settings), settings)


def balanced(night: Night, catalogue: Catalogue, settings: ScoringSettings) -> Catalogue:
    """The catalogue with the prices of its caps; as it is where no cap is reached."""
    caps = [cap for cap in catalogue.rules.capped if cap.night_share is not None]
    if not caps:
        return catalogue
    users = sampled(night)
    everybody = night.dataset.data.n_users if night.people is None else night.people.size
    return _Balance(night.package, catalogue, settings, users, everybody, caps).found()


@dataclass
class _Balance:
    package: ModelPackage
    catalogue: Catalogue
    settings: ScoringSettings
    users: Sampled
    everybody: int
    caps: list[Capped]

    def __post_init__(self) -> None:
        self.prices: list[Prices] = [np.zeros(len(cap.names)) for cap in self.caps]

    def found(self) -> Catalogue:
        """Prices the group that exceeds its share most, until none does."""
        hopeless: set[tuple[int, int]] = set()
        for _ in range(MOST_PRICES):
            above = self._above(hopeless)
            if above is None:
                break
            if not self._price(*above):
                hopeless.add(above)
        return self._priced()

    def _above(self, hopeless: set[tuple[int, int]]) -> tuple[int, int] | None:
        """The cap and group of the largest excess."""
        top, worst, most = self._lists(), None, 0.0
        for number, cap in enumerate(self.caps):
            excess = _shares(top, cap) - (cap.night_share or 1)
            for group in np.flatnonzero(excess > most):  # fewer than 1 / share of them
                if (number, int(group)) not in hopeless and excess[group] > most:
                    worst, most = (number, int(group)), float(excess[group])
        return worst

    def _price(self, number: int, group: int) -> bool:
        """Finds the smallest price; False where not even the highest is enough, as for pinned items."""
        prices, low = self.prices[number], float(self.prices[number][group])
        step = FIRST
        while True:
            prices[group] = min(low + step, HIGHEST)
            if self._excess(self._lists(), number, group) <= 0:
                break
            if prices[group] >= HIGHEST:
                return False
            low, step = float(prices[group]), 2 * step
        high = float(prices[group])
        for _ in range(HALVINGS):
            prices[group] = (low + high) / 2
            if self._excess(self._lists(), number, group) <= 0:
                high = float(prices[group])
            else:
                low = float(prices[group])
        prices[group] = high
        return True

    def _excess(self, top: TopK, number: int, group: int) -> float:
        """Share of the group, with room for the error of the sample, above its cap."""
        cap, n_users = self.caps[number], self.users.users.size
        mine = cap.codes[top.columns] == group
        rows = np.bincount(top.rows[mine], minlength=n_users)
        places = np.maximum(np.bincount(top.rows, minlength=n_users), 1)
        unseen = max(1 - n_users / max(self.everybody, 1), 0)
        room = SURE * float((rows / places).std()) * float(np.sqrt(unseen / max(n_users, 1)))
        return float(mine.mean()) + room - (cap.night_share or 1)

    def _lists(self) -> TopK:
        return self.users.lists(self.package, self.settings, self._priced())

    def _priced(self) -> Catalogue:
        rules = self.catalogue.rules
        none = np.zeros(self.catalogue.size, dtype=np.float32)
        before = rules.boosts or Boosts(none, none)
        added = before.added.copy()
        for cap, prices in zip(self.caps, self.prices, strict=True):
            added -= np.where(cap.codes >= 0, prices[cap.codes], 0).astype(np.float32)
        boosts = boosts_of(added, before.log_times, before.odds)
        return replace(self.catalogue, rules=replace(rules, boosts=boosts))


def _shares(top: TopK, cap: Capped) -> Prices:
    """Share of all places of each group."""
    codes = cap.codes[top.columns]
    return np.bincount(codes[codes >= 0], minlength=len(cap.names)) / max(top.columns.size, 1)
