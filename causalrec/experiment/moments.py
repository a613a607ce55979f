"""What is known of the users of an arm: sums of products of what each of them did."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

DID = ("looks", "clicks", "bought", "revenue")
COLUMNS = ("one", *DID, *(f"{name}_before" for name in DID), "clicked")
"""Of a user since their first list, and (``_before``) in the time before the experiment.

``looks`` at rows of their list, ``clicks`` among them; ``bought`` and ``clicked`` are 1 or 0; ``revenue`` is
the sum of prices paid; ``one`` counts the user.
"""


@dataclass(frozen=True)
class Moments:
    """``products`` (c, c): sums over users of the products of any two ``columns``; the first is 1."""

    products: Doubles
    columns: tuple[str, ...] = COLUMNS

    @staticmethod
    def of(users: Doubles, columns: tuple[str, ...] = COLUMNS) -> "Moments":
        """Of rows (n, c - 1): all columns but the first."""
        rows = np.column_stack([np.ones(len(users)), users])
        return Moments(rows.T @ rows, columns)

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.products + other.products, self.columns)

    def only(self, columns: Sequence[str]) -> "Moments":
        """Of some of the columns, known by the names of :data:`COLUMNS`; a column that is not there is 0.

        Args:
            columns: name of each of :data:`COLUMNS` here.
        """
        found = np.zeros((len(COLUMNS), len(COLUMNS)))
        there = [place for place, name in enumerate(columns) if name in self.columns]
        mine = [self.columns.index(columns[place]) for place in there]
        found[np.ix_(there, there)] = self.products[np.ix_(mine, mine)]
        return Moments(found)

    @property
    def users(self) -> int:
        """How many."""
        return round(float(self.products[0, 0]))

    def total(self, name: str) -> float:
        """Sum of a column."""
        return float(self.products[0, self.columns.index(name)])

    @property
    def means(self) -> Doubles:
        """(c,) per user."""
        return np.asarray(self.products[0] / self.products[0, 0])

    @property
    def covariance(self) -> Doubles:
        """(c, c) between the columns of one user."""
        n, means = float(self.products[0, 0]), self.means
        return np.asarray((self.products / n - np.outer(means, means)) * n / max(n - 1, 1))


@dataclass(frozen=True)
class Ratio:
    """A measure of an arm: the mean of one column over the mean of another.

    Attributes:
        over, under: of :data:`COLUMNS`.
        responders: column that counts the users who responded.
    """

    over: str
    under: str
    responders: str

    @property
    def before(self) -> "Ratio":
        """The same in the time before the experiment."""
        under = self.under if self.under == "one" else f"{self.under}_before"
        return Ratio(f"{self.over}_before", under, self.responders)

    def value(self, moments: Moments) -> float:
        """NaN where the lower column has no sum."""
        below = moments.total(self.under)
        return moments.total(self.over) / below if below else float("nan")

    def gradient(self, moments: Moments) -> Doubles:
        """(c,) by which the value moves with the mean of each column (delta method)."""
        columns = moments.columns
        below, found = float(moments.means[columns.index(self.under)]), np.zeros(len(columns))
        if below:
            found[columns.index(self.over)] += 1 / below
            found[columns.index(self.under)] -= self.value(moments) / below
        return found


METRICS = {
    "conversion": Ratio("bought", "one", "bought"),
    "click_through": Ratio("clicks", "looks", "clicked"),
    "revenue_per_user": Ratio("revenue", "one", "bought"),
}
"""What is compared. A click-through rate is one of looks, with users as the unit: their looks go together."""


@dataclass(frozen=True)
class ArmDifference:
    """Of an arm over the control, what happened before taken into account.

    Attributes:
        variance: of ``value``, by chance of who was assigned where.
        kept: share of that variance which what happened before left over; 1 where it explained nothing.
    """

    value: float
    variance: float
    kept: float


def difference(arm: Moments, control: Moments, ratio: Ratio) -> ArmDifference | None:
    """Arm minus control, adjusted by the same measure of the time before (CUPED).

    Deng et al., Improving the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data
    (2013); for ratios by the delta method, Deng, Knoblich and Lu, Applying the Delta Method in Metric
    Analytics (2018).

    Returns:
        None where a side has fewer than two users or nothing to divide by, or nobody differs from another.
    """
    sides = (arm, control)
    if any(side.users < 2 or not side.total(ratio.under) for side in sides):
        return None
    slopes = [ratio.gradient(side) for side in sides]
    covariate = ratio.before.gradient(arm + control)
    covariances = [side.covariance for side in sides]
    plain = _variance(slopes, covariances, sides)
    if plain <= 0:
        return None
    shared = sum(
        float(g @ s @ covariate) / m.users for g, s, m in zip(slopes, covariances, sides, strict=True)
    )
    spread = sum(float(covariate @ s @ covariate) / m.users for s, m in zip(covariances, sides, strict=True))
    theta = shared / spread if spread > 0 else 0.0
    adjusted = _variance([slope - theta * covariate for slope in slopes], covariances, sides)
    chance = float(covariate @ (arm.means - control.means))
    value = ratio.value(arm) - ratio.value(control) - theta * chance
    return ArmDifference(value, adjusted, adjusted / plain) if adjusted > 0 else None


def _variance(slopes: Sequence[Doubles], covariances: Sequence[Doubles], sides: Sequence[Moments]) -> float:
    return sum(float(g @ s @ g) / m.users for g, s, m in zip(slopes, covariances, sides, strict=True))
