"""The evaluation of the version for the page: a value and its interval per model."""

from dataclasses import dataclass

from causalrec.lake import Lake
from causalrec.report.review.facts import Reviewed

CHAMPION = "champion:"  # followed by its version at the time of the evaluation
FIRST = ("ndcg@20", "recall@20", "ndcg@10", "recall@10", "random_ndcg@5", "random_auc", "dr_liked@5")
DEBIASED = ("random_ndcg@5", "random_auc", "dr_liked@5")
LIFT = "popularity_lift@20"


@dataclass(frozen=True)
class Measured:
    """A value and its 95 % interval, if it has one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class MetricTable:
    """metric -> model -> measure on the deciding split; models in display order."""

    split: str
    models: tuple[str, ...]
    values: dict[str, dict[str, Measured]]

    @property
    def shown_first(self) -> tuple[str, ...]:
        """The metrics with a chart: accuracy and, if measured, random exposure."""
        return tuple(name for name in FIRST if name in self.values)

    @property
    def rest(self) -> tuple[str, ...]:
        """All other metrics, by name."""
        return tuple(sorted(set(self.values) - set(self.shown_first)))

    def across(self) -> tuple[str, str] | None:
        """The two metrics of the trade-off: a debiased one (else popularity lift) and accuracy."""
        sides = [name for name in (*DEBIASED, LIFT) if name in self.values]
        accuracy = [name for name in FIRST[:4] if name in self.values]
        return (sides[0], accuracy[0]) if sides and accuracy else None


def read_metrics(lake: Lake, reviewed: Reviewed) -> MetricTable:
    """Rows of ``evaluations`` for the version; an empty table if there are none."""
    rows = lake.table("evaluations").read({"ds": [reviewed.ds.isoformat()]}).to_pylist()
    mine = [row for row in rows if row["model_version"] == reviewed.version]
    split = "test" if any(row["split"] == "test" for row in mine) else "valid"
    values: dict[str, dict[str, Measured]] = {}
    for row in (row for row in mine if row["split"] == split):
        metric = f"{row['metric']}@{row['k']}" if row["k"] else row["metric"]
        model = _label(row["model"], reviewed)
        values.setdefault(metric, {})[model] = Measured(row["value"], row["low"], row["high"])
    found = {model for models in values.values() for model in models}
    order = sorted(found, key=lambda model: (model != challenger(reviewed), "champion" not in model, model))
    return MetricTable(split, tuple(order), values)


def challenger(reviewed: Reviewed) -> str:
    """Name of the version under review."""
    return f"version {reviewed.version} ({reviewed.model})"


def _label(model: str, reviewed: Reviewed) -> str:
    if model == reviewed.model:
        return challenger(reviewed)
    return f"champion ({model.removeprefix(CHAMPION)})" if model.startswith(CHAMPION) else model
