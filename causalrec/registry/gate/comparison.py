"""The content of the table ``evaluations`` for one version on one run date."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.metrics.bootstrap import paired_test
from causalrec.metrics.evaluate import MetricRow, full_name, name_parts

LOGGED = "logged_"  # before a metric of the ranking by what is chosen anyway
GAIN = "_gain"  # after a metric: the difference from the champion
OVER = "_over_"  # after a metric, before a baseline: the difference from that
CHAMPION = "champion:"  # followed by its version at the time

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """A value and its 95 % interval, if it has one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Comparison:
    """A challenger, its baselines and the champion, all on one dataset.

    Attributes:
        dataset_id: the dataset of the evaluation.
        version: the challenger's version.
        model: the challenger's model name.
        split: the split that decides.
        champion: version of the champion it was compared with; None if there was none.
        measures: model name (``champion`` for the champion) -> metric@k -> measure.
    """

    dataset_id: str
    version: str
    model: str
    split: str
    champion: str | None
    measures: dict[str, dict[str, Measure]] = field(default_factory=dict)

    def value(self, model: str, metric: str) -> float | None:
        """One value; None if it was not measured."""
        found = self.measures.get(model, {}).get(metric)
        return None if found is None else found.value

    def difference(self, asked: str, suffix: str) -> Measure | None:
        """What :func:`difference_row` wrote of the challenger."""
        metric, k = name_parts(asked)
        return self.measures[self.model].get(full_name(metric + suffix, k))


def difference_row(split: str, asked: str, suffix: str, mine: Doubles, theirs: Doubles) -> MetricRow:
    """Paired bootstrap over users of a metric such as ``ndcg@20``.

    Args:
        suffix: :data:`GAIN`, or :data:`OVER` and a baseline.
        mine, theirs: values per user (M,), in the same order.
    """
    metric, k = name_parts(asked)
    test = paired_test(mine, theirs)
    return MetricRow(split, metric + suffix, k, test.difference, test.low, test.high)


def rows_of(dataset_id: str, version: str, model: str, rows: Iterable[MetricRow]) -> list[dict[str, Any]]:
    """Rows of ``evaluations`` (without ds) for one model."""
    return [
        {
            "dataset_id": dataset_id,
            "model_version": version,
            "model": model,
            "split": row.split,
            "metric": row.metric,
            "k": row.k,
            "value": row.value,
            "low": row.low,
            "high": row.high,
        }
        for row in rows
        if math.isfinite(row.value)
    ]


def read_comparison(lake: Lake, ds: dt.date, version: str, model: str) -> Comparison:
    """The evaluation of ``version`` on ``ds``.

    Raises:
        RegistryError: there is none, or it is of another version.
    """
    rows = lake.table("evaluations").read(where={"ds": [ds.isoformat()]}).to_pylist()
    mine = [row for row in rows if row["model_version"] == version]
    if not mine:
        found = ", ".join(sorted({row["model_version"] for row in rows})) or "nothing"
        raise RegistryError(
            f"version {version} has no evaluation for {ds} (found: {found})", do="run evaluate"
        )
    split = "test" if any(row["split"] == "test" for row in mine) else "valid"
    champions = [row["model"].removeprefix(CHAMPION) for row in mine if row["model"].startswith(CHAMPION)]
    measures: dict[str, dict[str, Measure]] = {}
    for entry in (row for row in mine if row["split"] == split):
        who = "champion" if entry["model"].startswith(CHAMPION) else entry["model"]
        name = full_name(entry["metric"], entry["k"])
        measures.setdefault(who, {})[name] = Measure(entry["value"], entry["low"], entry["high"])
    champion = champions[0] if champions else None
    return Comparison(mine[0]["dataset_id"], version, model, split, champion, measures)
