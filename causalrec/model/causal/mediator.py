"""Front-door adjustment: separates what a purchase owes to the item from the way it was shown.

Show -> click -> purchase. An unlogged cause (a campaign, a season) may raise both how much an item is shown
and whether a click ends in a purchase; looks at such items then seem to sell better than they would on their
own. If it affects the click only through showing, the front-door formula (Pearl 1995) holds with the click m
as mediator and the way of being shown s' as treatment:

    P(buy | do(show)) = sum_m P(m | show) sum_s' P(s') P(buy | m, s')

There is no purchase without a click, so only one term of the outer sum remains. P(click | show) is the
response model. P(buy | click, s') is logistic in its logit x, with an effect g of every stratum s' (policy,
band of positions, surge), d of every item and c of every group of items, all shrunk by variances that are
learnt:

    logit P(buy | click, s') = a + b x(u, i) + g[s'] + c[group i] + d[i]

P(s') are shares of looks in the whole shop, the same for every item: the way an item itself was shown must
not favour it. Everything is a sum over the rows of the sufficient statistics.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks

Doubles = npt.NDArray[np.float64]

SWEEPS = 60
SLOPE_PRECISION = 1.0  # weak prior of b around one
LEAST_DEPTHS = 2  # a click and something beyond it


@dataclass(frozen=True)
class Mediator:
    """P(buy | click, s'), fitted.

    Attributes:
        offset, slope: a and b. strata: float64 (S,) g. share: float64 (S,) P(s').
        items: float64 (N,) the sum of d and c. spread: learnt standard deviations by name.
        weight: effect of one unit of an item's effect, in units of logit, at a typical click.
    """

    offset: float
    slope: float
    strata: Doubles
    share: Doubles
    items: Doubles
    spread: dict[str, float]
    weight: float = 1.0

    def chance(self, logits: Floats | Doubles, items: Ints | None = None) -> Floats:
        """P(buy | do(show)) (B, N), given the logits (B, N) of a click; of ``items`` (r,) those of (r,)."""
        x = logits.astype(np.float64)
        base = self.offset + self.slope * x + (self.items if items is None else self.items[items])
        deep = np.zeros_like(x)
        for effect, share in zip(self.strata, self.share, strict=True):
            if share > 0:
                deep += share * sigmoid(base + effect)
        found: Floats = (sigmoid(x) * deep).astype(np.float32)
        return found

    def tables(self, users: Floats, items: Floats) -> tuple[Floats, Floats]:
        """Tables (U, c + 1) and (N, c + 1) that rank by :meth:`chance`, from the tables of the click logit.

        The logarithm of the chance, linear in logit and item effect around a typical click; scaled so that
        the logit keeps its unit.
        """
        ones = np.ones((users.shape[0], 1), np.float32)
        effect = (self.weight * (self.items - self.items.mean())).astype(np.float32)[:, None]
        return np.concatenate([users, ones], axis=1), np.concatenate([items, effect], axis=1)


def fit_mediator(
    looks: Looks, logits: Doubles, groups: Ints, n_items: int, strata: bool = True
) -> Mediator | None:
    """The purchase head, or None if no response beyond the click was logged.

    Args:
        logits: (n,) of a click, per row of ``looks``. groups: int (N,), the group of each item, from 0.
        strata: whether the way of being shown has an effect; without it there is no adjustment.
    """
    if len(looks.depths) < LEAST_DEPTHS or not looks.reached[-1].any():
        return None
    rows = looks.reached[0] > 0
    clicks, bought = looks.reached[0][rows].astype(np.float64), looks.reached[-1][rows].astype(np.float64)
    x, item, stratum = logits[rows].astype(np.float64), looks.items[rows], looks.strata[rows]
    share = np.bincount(looks.strata, looks.count, looks.position.size)
    fit = _Fit(clicks, bought, x, {"item": item, "group": groups[item], "stratum": stratum})
    sizes = {"item": n_items, "group": int(groups.max()) + 1, "stratum": share.size if strata else 0}
    offset, slope, effects, spread = fit.run(sizes)
    return Mediator(
        offset, slope,
        effects["stratum"] if strata else np.zeros(share.size),
        share / share.sum(),
        effects["item"] + effects["group"][groups],
        spread,
        weight=_weight(float(np.average(sigmoid(x), weights=clicks)), bought.sum() / clicks.sum(), slope),
    )  # fmt: skip


def _weight(click: float, buy: float, slope: float) -> float:
    """Ratio of the derivatives of log P(click) P(buy | click) by item effect and by logit."""
    return (1 - buy) / ((1 - click) + slope * (1 - buy))


def row_logits(looks: Looks, users: Floats, items: Floats) -> Doubles:
    """The product (n,) of two tables for the pair of every row."""
    found: Doubles = np.einsum("rc,rc->r", users[looks.users], items[looks.items], dtype=np.float64)
    return found


def brand_groups(data: Interactions) -> Ints:
    """int32 (N,) the brand of every item; all in one group if no brand is known."""
    brands = np.asarray(data.item_attributes.get("brand", ("",) * data.n_items))
    return np.unique(brands, return_inverse=True)[1].ravel().astype(np.int32)


@dataclass(frozen=True)
class _Fit:
    """Rows with a click: clicks, purchases, logit of the click, and the level of each effect."""

    clicks: Doubles
    bought: Doubles
    x: Doubles
    levels: dict[str, Ints]

    def run(self, sizes: dict[str, int]) -> tuple[float, float, dict[str, Doubles], dict[str, float]]:
        """Expectation maximisation with Polya-Gamma weights (Polson et al. 2013), effect after effect."""
        effects = {name: np.zeros(size) for name, size in sizes.items() if size}
        variance = dict.fromkeys(effects, 0.25)
        rate = (self.bought.sum() + 1) / (self.clicks.sum() + 2)
        offset, slope = float(np.log(rate / (1 - rate))), 0.0
        for _ in range(SWEEPS):
            weight = self.clicks * polya_gamma_mean(self._logit(offset, slope, effects))
            target = self.bought - self.clicks / 2
            offset, slope = self._line(weight, target, offset, slope, effects)
            for name, effect in effects.items():
                level = self.levels[name]
                rest = self._logit(offset, slope, effects) - effect[level]
                precision = np.bincount(level, weight, effect.size) + 1 / variance[name]
                effects[name] = np.bincount(level, target - weight * rest, effect.size) / precision
                variance[name] = float((effects[name] ** 2 + 1 / precision).mean())
        return offset, slope, effects, {name: float(np.sqrt(value)) for name, value in variance.items()}

    def _logit(self, offset: float, slope: float, effects: dict[str, Doubles]) -> Doubles:
        total = offset + slope * self.x
        for name, effect in effects.items():
            total = total + effect[self.levels[name]]
        return total

    def _line(
        self, weight: Doubles, target: Doubles, offset: float, slope: float, effects: dict[str, Doubles]
    ) -> tuple[float, float]:
        rest = self._logit(0.0, 0.0, effects)
        columns = np.stack([np.ones_like(self.x), self.x])
        system = (columns * weight) @ columns.T + np.diag([0.0, SLOPE_PRECISION])
        found = np.linalg.solve(system, columns @ (target - weight * rest) + [0.0, SLOPE_PRECISION])
        return float(found[0]), float(found[1])


def sigmoid(x: Doubles) -> Doubles:
    """Logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def polya_gamma_mean(logits: Doubles) -> Doubles:
    """Mean of a Polya-Gamma variable PG(1, logit): tanh(logit / 2) / (2 logit)."""
    small = np.abs(logits) < 1e-3
    safe = np.where(small, 1.0, logits)
    return np.where(small, 0.25, np.tanh(safe / 2) / (2 * safe))
