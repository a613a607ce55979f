"""The causes of a simulated shop: what items and users are, and the chances that follow from it.

Each item has a confounder C (a category and a brand) and a merit a. Merit and, with strength
``confounding``, the demand of C decide whether an exposed user likes it. Items are exposed by popularity,
promotion of C and taste; some clicks are accidents. What a model should rank by is the do-effect: the chance
of a like when C is redrawn independently of what the item looks like.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SENSITIVITY = 0.3  # spread over users of how much the demand of C moves them
LOST = 0.25  # share of the accident rate by which true clicks are lost


@dataclass(frozen=True)
class Knobs:
    """What the world is like.

    Attributes:
        confounding: gamma, strength of C in the demand; 0 switches the confounder off.
        exposure_popularity, exposure_promotion, exposure_taste: eta, weights of the exposure policy.
        accidents: nu, share of exposed non-clicks recorded as clicks (a quarter of it of clicks are lost).
        merit_shown: omega, scale of the merit in the modalities.
        exposed: mean number of items exposed to a user; random_shown of the uniform policy.
        logged: share of exposures without a click that the shop's log keeps (a log of impressions).
        position_decay: the k-th item of a page is examined with chance k^-decay; 0: all are.
        demand_curve: weight of the square of demand; 0: demand acts linearly.
        demand_drift: standard deviation of what the demand of a confounder drifts by before now.
        campaigns: log-odds that a hidden campaign of a brand adds to showing and to clicking while it lasts.
    """

    users: int = 2_000
    items: int = 1_000
    categories: int = 12
    brands: int = 4
    merit: int = 8
    width: int = 64
    confounding: float = 2.0
    exposure_popularity: float = 1.0
    exposure_promotion: float = 1.0
    exposure_taste: float = 0.3
    accidents: float = 0.05
    merit_shown: float = 1.0
    noise: float = 0.3
    base_rate: float = -1.0
    exposed: float = 50.0
    random_shown: int = 50
    logged: float = 0.0
    position_decay: float = 0.0
    demand_curve: float = 0.0
    demand_drift: float = 0.0
    campaigns: float = 0.0
    seed: int = 7


@dataclass(frozen=True)
class Truth:
    """What no model may see.

    Attributes:
        category, brand: int32 (N,).
        confounder: int32 (N,), the pair of both.
        demand: float64 (confounders,), what a confounder adds to the logit at ``confounding`` 1.
        merit: float64 (N, m); taste: float64 (U, m); sensitivity: float64 (U,).
        accidental: bool (n_train,), training pairs that are accidents.
        share: float64 (confounders,), how often a confounder occurs; what C is redrawn from.
        exposure: float64 (N,), logit of being shown to a user without taste: popularity and promotion of C.
        past: float64 (periods, confounders), what demand differed by from ``demand``, which is that of now.
        campaign: float64 (periods, brands), log-odds that a campaign adds.
    """

    knobs: Knobs
    category: Ints
    brand: Ints
    confounder: Ints
    demand: Doubles
    merit: Doubles
    taste: Doubles
    sensitivity: Doubles
    accidental: Bools
    share: Doubles
    exposure: Doubles
    past: Doubles
    campaign: Doubles

    def factual(self, users: Ints, confounder: Ints | None = None) -> Floats:
        """float32 (B, N): chance of a like given each item's own (or another) confounder."""
        demand = self.acting(self.demand)[self.confounder if confounder is None else confounder]
        return sigmoid(self._appeal(users) + self._reach(users) * demand).astype(np.float32)

    def do_effect(self, users: Ints) -> Floats:
        """float32 (B, N): chance of a like with C redrawn, whatever the item looks like (the target)."""
        appeal, reach = self._appeal(users), self._reach(users)
        parts = zip(self.share, self.acting(self.demand), strict=True)
        return sum((s * sigmoid(appeal + reach * d) for s, d in parts), np.zeros(())).astype(np.float32)

    def liked_in(self, users: Ints, period: Ints) -> Floats:
        """float32 (B, N): chance of a like in the ``period`` (B, N) in which the item was shown."""
        demand = self.acting(self.demand + self.past)[period, self.confounder]
        logit = self._appeal(users) + self._reach(users) * demand + self.campaign[period, self.brand]
        return sigmoid(logit).astype(np.float32)

    def acting(self, demand: Doubles) -> Doubles:
        """What a demand adds to the logit at ``confounding`` 1."""
        return np.asarray(demand + self.knobs.demand_curve * (demand**2 - 1))

    def exposed(self, users: Ints) -> Doubles:
        """float64 (B, N): chance that the policy shows the item to the user."""
        taste = self.knobs.exposure_taste * (self.taste[users] @ self.merit.T)
        return sigmoid(self.exposure + taste)

    def recorded(self, users: Ints) -> Floats:
        """float32 (B, N): chance of a recorded click, accidents included (the iid oracle)."""
        like, slip = self.factual(users).astype(np.float64), self.knobs.accidents
        chance = self.exposed(users) * (like * (1 - LOST * slip) + (1 - like) * slip)
        return np.asarray(chance, dtype=np.float32)

    def genuine(self, pairs: Ints) -> Doubles:
        """float64 (n,): chance that a click recorded for ``pairs`` (2, n) is a like: the best evidence."""
        users, items = pairs
        appeal = self.knobs.base_rate + np.einsum("nm,nm->n", self.taste[users], self.merit[items])
        reach = self.knobs.confounding * (1 + SENSITIVITY * self.sensitivity[users])
        odds = sigmoid(appeal + reach * self.acting(self.demand)[self.confounder[items]])
        true, slip = odds * (1 - LOST * self.knobs.accidents), (1 - odds) * self.knobs.accidents
        return np.asarray(true / (true + slip))

    def _appeal(self, users: Ints) -> Doubles:
        return np.asarray(self.knobs.base_rate + self.taste[users] @ self.merit.T)

    def _reach(self, users: Ints) -> Doubles:
        return np.asarray(self.knobs.confounding * (1 + SENSITIVITY * self.sensitivity[users])[:, None])


def sigmoid(logits: Doubles) -> Doubles:
    """1 / (1 + exp(-logits))."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))
