"""The gate: what a challenger must show before it becomes champion. A pure function of numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from causalrec.config.sections import GateSettings
from causalrec.registry.comparison import CHALLENGER_GAIN, Comparison

Status = Literal["pass", "warn", "fail"]
Decision = Literal["promote", "keep", "reject"]
EQUAL = 1e-12  # metrics are averages of doubles over the same users


@dataclass(frozen=True)
class Check:
    """One line of the table: what was asked, what was found."""

    name: str
    status: Status
    value: float | None
    threshold: float | None
    detail: str


@dataclass(frozen=True)
class Verdict:
    """All checks and what follows from them."""

    decision: Decision
    checks: tuple[Check, ...]

    @property
    def why(self) -> str:
        """One sentence with numbers: what refused it, or that it passed."""
        failed = [check.detail for check in self.checks if check.status == "fail"]
        if failed:
            return "; ".join(failed)
        kept = [check.detail for check in self.checks if check.name == "champion"]
        return kept[0] if kept else "all checks passed"


def decide(
    evaluation: Comparison, settings: GateSettings, *, dataset_id: str, champion: str | None
) -> Verdict:
    """Judge an evaluation.

    Args:
        dataset_id: the data that the challenger was trained for; another evaluation is refused.
        champion: version that is champion now; None where there is none.
    """
    checks = tuple(_checks(evaluation, settings, dataset_id, champion))
    if any(check.status == "fail" for check in checks):
        return Verdict("reject", checks)
    return Verdict("keep" if _nothing_gained(evaluation, settings, champion) else "promote", checks)


def _checks(
    evaluation: Comparison, settings: GateSettings, dataset_id: str, champion: str | None
) -> Iterator[Check]:
    yield _same_data(evaluation, dataset_id)
    own = evaluation.value(evaluation.model, settings.metric)
    if own is None:
        yield Check("measured", "fail", None, None, f"{settings.metric} was not measured")
        return
    yield _floor(evaluation, settings, own, "popularity", "fail")
    yield _floor(evaluation, settings, own, "ease", "warn")
    yield _against_champion(evaluation, settings, own, champion)
    k = settings.metric.partition("@")[2]
    yield _coverage(evaluation, settings, f"coverage@{k}")
    yield _lift(evaluation, settings, f"popularity_lift@{k}")


def _same_data(evaluation: Comparison, dataset_id: str) -> Check:
    same = evaluation.dataset_id == dataset_id
    detail = f"evaluated on dataset {evaluation.dataset_id}" + ("" if same else f", expected {dataset_id}")
    return Check("same data", "pass" if same else "fail", None, None, detail)


def _floor(evaluation: Comparison, settings: GateSettings, own: float, floor: str, below: Status) -> Check:
    value = evaluation.value(floor, settings.metric)
    name, metric = f"floor {floor}", settings.metric
    if evaluation.model == floor:
        return Check(name, "pass", own, own, f"the challenger is the floor {floor} itself")
    if value is None:
        return Check(name, below, own, None, f"floor {floor} was not measured")
    status: Status = "pass" if own > value else below
    sign = ">" if own > value else "<="
    return Check(name, status, own, value, f"{metric} {own:.4f} {sign} {value:.4f} of {floor}")


def _against_champion(
    evaluation: Comparison, settings: GateSettings, own: float, champion: str | None
) -> Check:
    if champion is None or champion == evaluation.version:
        detail = "no champion yet" if champion is None else "it is the champion already"
        return Check("champion", "pass", own, None, detail)
    if evaluation.champion != champion:
        asked = (
            f"champion is version {champion}, the evaluation compared with {evaluation.champion or 'none'}"
        )
        return Check("champion", "fail", own, None, asked)
    theirs = evaluation.value("champion", settings.metric)
    if theirs is None:
        return Check("champion", "fail", own, None, f"{settings.metric} of the champion was not measured")
    return _compare(evaluation, settings, own, theirs)


def _compare(evaluation: Comparison, settings: GateSettings, own: float, theirs: float) -> Check:
    metric, _, k = settings.metric.partition("@")
    gain = evaluation.measures[evaluation.model].get(f"{metric}_{CHALLENGER_GAIN}@{k}")
    interval = ""
    if gain is not None and gain.low is not None and gain.high is not None:
        interval = f" (difference 95 % [{gain.low:+.4f}, {gain.high:+.4f}])"
    detail = f"{settings.metric} {own:.4f} beside {theirs:.4f} of version {evaluation.champion}{interval}"
    least = theirs * (1 - settings.max_relative_loss)
    if abs(own - theirs) <= EQUAL:
        return Check("champion", "pass", own, theirs, f"equal to the champion: {detail}")
    if own < least:
        return Check("champion", "fail", own, least, f"worse than the champion: {detail}")
    surely_worse = gain is not None and gain.high is not None and gain.high < 0
    return Check("champion", "warn" if surely_worse else "pass", own, least, detail)


def _coverage(evaluation: Comparison, settings: GateSettings, metric: str) -> Check:
    value = evaluation.value(evaluation.model, metric)
    if value is None:
        return Check("coverage", "warn", None, settings.min_coverage, f"{metric} was not measured")
    status: Status = "pass" if value >= settings.min_coverage else "fail"
    return Check("coverage", status, value, settings.min_coverage, f"{value:.1%} of the catalogue is shown")


def _lift(evaluation: Comparison, settings: GateSettings, metric: str) -> Check:
    value = evaluation.value(evaluation.model, metric)
    if value is None:
        return Check(
            "popularity lift", "warn", None, settings.max_popularity_lift, f"{metric} was not measured"
        )
    status: Status = "pass" if value <= settings.max_popularity_lift else "warn"
    detail = f"lists are {value:+.1%} more popular than histories"
    return Check("popularity lift", status, value, settings.max_popularity_lift, detail)


def _nothing_gained(evaluation: Comparison, settings: GateSettings, champion: str | None) -> bool:
    """The champion stays where the challenger is the champion, or exactly as good."""
    if champion is None:
        return False
    own = evaluation.value(evaluation.model, settings.metric)
    theirs = evaluation.value("champion", settings.metric)
    same = own is not None and theirs is not None and abs(own - theirs) <= EQUAL
    return champion == evaluation.version or same
