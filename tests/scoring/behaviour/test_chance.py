"""Tails equal those of the distribution; the bound on chance equals a sort of all rows."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F
from scipy.stats import nbinom

from causalrec.scoring.behaviour.chance import NO_SPREAD, at_least, at_most, beyond_chance, usual_spread

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def test_tails_are_those_of_the_negative_binomial(spark: "SparkSession") -> None:
    given = pd.DataFrame({"o": [0.0, 3.0, 40.0], "e": [2.0, 1.5, 20.0], "s": [0.1, NO_SPREAD, 0.5]})
    arguments = [F.col(name) for name in given]
    tails = [at_least(*arguments).alias("over"), at_most(*arguments).alias("under")]
    got = spark.createDataFrame(given).select(*tails).toPandas()
    size = 1 / given["s"]
    share = size / (size + given["e"])
    assert got["over"].to_numpy() == pytest.approx(nbinom.sf(given["o"] - 1, size, share))
    assert got["under"].to_numpy() == pytest.approx(nbinom.cdf(given["o"], size, share))


def test_the_share_of_chance_is_bounded(spark: "SparkSession") -> None:
    """100 comparisons at .1: .001 * 100 <= .1 * 1 and .003 * 100 <= .1 * 3, and .02 * 100 > .1 * 4."""
    rows = spark.createDataFrame([(p,) for p in (0.0009, 0.001, 0.0028, 0.02, 0.9)], "p double")
    assert sorted(row.p for row in beyond_chance(rows, 100, 0.1).collect()) == [0.0009, 0.001, 0.0028]
    assert beyond_chance(rows, 10_000, 0.1).isEmpty()
    assert beyond_chance(rows.where("p > 1"), 100, 0.1).isEmpty()


def test_the_spread_is_taken_from_one_side(spark: "SparkSession") -> None:
    """Below: 2 * (10² + 4²) of 4 rows that expect 10, of which chance explains 40, over 400."""
    counts = [(0.0, 10.0), (6.0, 10.0), (90.0, 10.0), (10.0, 10.0), (0.0, 4.0)]
    rows = spark.createDataFrame(counts, "observed double, expected double")
    assert usual_spread(rows, below=True) == pytest.approx((2 * 116 - 40) / 400)
    assert usual_spread(rows, below=False) == pytest.approx((2 * 6400 - 40) / 400)
    assert usual_spread(rows.where("expected < 5"), below=True) == NO_SPREAD
    assert np.isclose(usual_spread(rows.where("observed = 10"), below=True), NO_SPREAD)
