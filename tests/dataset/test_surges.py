"""Surges equal a count by hand: a day's volume over the brand's usual share of that day."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.surges import marked_surges

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Looks = list[tuple[str, int, str]]


def by_hand(looks: Looks, settings: DatasetSettings) -> set[tuple[str, int]]:
    """Brand and day of every surge."""
    chosen = [(brand, day) for brand, day, policy in looks if policy not in settings.uniform_policies]
    shown, days = Counter(chosen), Counter(day for _, day in chosen)
    found = set()
    for (brand, day), count in shown.items():
        first = min(one for name, one in shown if name == brand)
        whole = sum(n for (name, _), n in shown.items() if name == brand)
        share = whole / sum(n for one, n in days.items() if one >= first)
        usual = days[day] * share + settings.surge_prior
        if (count + settings.surge_prior) / usual > settings.surge:
            found.add((brand, day))
    return found


def test_every_brand_and_day(spark: "SparkSession") -> None:
    rng = np.random.default_rng(4)
    looks: Looks = [
        (brand, day, "uniform" if rng.random() < 0.2 else "ranked")
        for brand, first in (("a", 0), ("b", 0), ("c", 3))
        for day in range(first, 8)
        for _ in range(int(rng.integers(1, 12)))
    ]
    frame = spark.createDataFrame(looks, "brand string, day int, policy string")
    found: dict[tuple[float, float], set[tuple[str, int]]] = {}
    for surge, prior in ((1.25, 2.0), (1.25, 40.0)):
        settings = DatasetSettings(surge=surge, surge_prior=prior, uniform_policies=("uniform",))
        rows = marked_surges(frame, settings).collect()
        assert len(rows) == len(looks)
        found[surge, prior] = {(row["brand"], row["day"]) for row in rows if row["surge"]}
        assert found[surge, prior] == by_hand(looks, settings)
        assert all(row["surge"] == ((row["brand"], row["day"]) in found[surge, prior]) for row in rows)
    assert len({frozenset(one) for one in found.values()}) == 2


def test_a_day_exactly_at_the_limit_is_none(spark: "SparkSession") -> None:
    """Six looks where four are usual, of a prior of nothing."""
    looks: Looks = [("a", 0, "ranked")] * 6 + [("b", 0, "ranked")] * 2
    looks += [("a", 1, "ranked")] * 2 + [("b", 1, "ranked")] * 6
    frame = spark.createDataFrame(looks, "brand string, day int, policy string")
    for surge, count in ((1.5, 0), (1.4, 12)):
        settings = DatasetSettings(surge=surge, surge_prior=0.0)
        assert marked_surges(frame, settings).where("surge").count() == count
