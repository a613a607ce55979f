"""How much of a list is chance: tail probabilities of counts, and a bound on the false ones among the listed.

Where thousands of pairs are compared, some stand out by chance alone, however sure each one looks. The bound
is the false discovery rate of Benjamini and Hochberg (JRSS B 1995) on a grid of thresholds (Storey, Taylor
and Siegmund, JRSS B 2004), so that one grouped count replaces a sort of all pairs.
"""

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.special import betainc

STEPS = 50  # thresholds per power of ten
LEAST = 1e-300  # smallest probability that is told apart
ENOUGH = 5.0  # expected responses from which a count says something of the spread
NO_SPREAD = 1e-6  # stands for none: the counts are then Poisson


def at_least(observed: Column, expected: Column, spread: Column) -> Column:
    """P(X >= ``observed``), X negative binomial of mean ``expected``.

    Its variance is ``expected + spread * expected**2``; ``spread`` is above 0.
    """
    return F.pandas_udf(_at_least, "double")(observed, expected, spread)


def at_most(observed: Column, expected: Column, spread: Column) -> Column:
    """P(X <= ``observed``) of the same X."""
    return F.pandas_udf(_at_most, "double")(observed, expected, spread)


def usual_spread(rows: DataFrame, *, below: bool) -> float:
    """Variance of the lifts of a shop beyond that of counts: shared tastes, people who come again.

    Taken from one side only, below what was expected or above, so that what is looked for on the other side
    is not mistaken for the usual; of rows that expect at least ``ENOUGH``.

    Args:
        rows: observed and expected.
    """
    distance = F.col("observed") - F.col("expected")
    side = distance < 0 if below else distance > 0
    found = rows.where(F.col("expected") >= ENOUGH).agg(
        (2 * F.sum(F.when(side, distance * distance).otherwise(0.0))).alias("squares"),
        F.sum("expected").alias("counts"),
        F.sum(F.pow("expected", F.lit(2.0))).alias("scale"),
    )
    squares, counts, scale = found.toArrow().to_pylist()[0].values()
    return max(NO_SPREAD, (squares - counts) / scale) if scale else NO_SPREAD


def beyond_chance(rows: DataFrame, tests: int, share: float) -> DataFrame:
    """The rows whose ``p`` is at most the largest threshold that expects ``share`` false ones or less.

    Args:
        rows: candidates with ``p``, the probability of as much by chance.
        tests: how many were compared, candidates or not.
        share: expected false rows over the rows returned, at most.
    """
    step = F.floor(-F.log10(F.greatest("p", F.lit(LEAST))) * STEPS)
    counted = rows.groupBy(step.alias("step")).count().toArrow().sort_by("step").to_pydict()
    steps = np.asarray(counted["step"], dtype=np.float64)
    kept = np.cumsum(np.asarray(counted["count"], dtype=np.float64)[::-1])[::-1]
    possible = steps[tests * 10 ** (-steps / STEPS) <= share * kept]
    return rows.where(step >= F.lit(int(possible[0]))) if possible.size else rows.where(F.lit(False))


def _at_least(observed: pd.Series, expected: pd.Series, spread: pd.Series) -> pd.Series:
    size = 1 / spread
    tail = betainc(np.maximum(observed, 1), size, expected / (expected + size))
    return pd.Series(np.where(observed > 0, tail, 1.0))


def _at_most(observed: pd.Series, expected: pd.Series, spread: pd.Series) -> pd.Series:
    size = 1 / spread
    return pd.Series(betainc(size, observed + 1, size / (expected + size)))
