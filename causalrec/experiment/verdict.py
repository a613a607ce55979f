"""What a night says about every arm: measures, their difference from the control, and what it proves."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from causalrec.config.experiment import CONTROL, ExperimentSettings
from causalrec.experiment.credit import credit_difference
from causalrec.experiment.intervals import UNFAIR, fixed_half_width, sample_ratio, sequential_half_width
from causalrec.experiment.lines import Arm, ArmLine, Now
from causalrec.experiment.moments import METRICS, ArmDifference, Moments, Ratio, difference
from causalrec.experiment.words import ArmVerdict

LEAST = 20  # users who responded in each arm below which an interval is no guide
INTERVAL = 0.95  # of the measures of single arms


def judge(
    arms: Mapping[str, Arm], settings: ExperimentSettings, now: Now, paired: Moments | None = None
) -> list[ArmLine]:
    """A line per arm and measure; a measure that nobody showed (no looks, no prices) has none.

    Args:
        arms: all of them, the control too.
        paired: of interleaved lists, both sides of every user
            (:data:`~causalrec.experiment.credit.PAIRED`).
    """
    fair = sample_ratio([arm.size for arm in arms.values()], [arm.share for arm in arms.values()])
    told = _Told(arms, settings, now, fair, _broken(arms, fair), paired)
    return [line for name in arms for line in _lines(name, told)]


@dataclass(frozen=True)
class _Told:
    """All that the lines of a night depend on."""

    arms: Mapping[str, Arm]
    settings: ExperimentSettings
    now: Now
    fair: float
    why: str
    paired: Moments | None

    def difference(self, arm: str, ratio: Ratio) -> ArmDifference | None:
        """From the control."""
        if arm == CONTROL:
            return None
        if self.paired is not None:
            return credit_difference(self.paired, ratio)
        return difference(self.arms[arm].moments, self.arms[CONTROL].moments, ratio)


def _broken(arms: Mapping[str, Arm], fair: float) -> str:
    """Why nothing may be concluded; empty where nothing speaks against it."""
    if fair < UNFAIR:
        sizes = ", ".join(f"{name} {arm.size:,}" for name, arm in arms.items())
        return f"the sizes of the arms are no chance (p = {fair:.1g}): {sizes}"
    mixed = {name: arm.versions for name, arm in arms.items() if len(arm.versions) > 1}
    return "; ".join(f"lists of {name} are by versions {' and '.join(v)}" for name, v in mixed.items())


def _lines(name: str, told: _Told) -> Iterator[ArmLine]:
    arms, settings = told.arms, told.settings
    arm, control = arms[name], arms[CONTROL]
    for metric, ratio in METRICS.items():
        if not any(one.moments.total(ratio.over) for one in arms.values()) or not arm.moments.users:
            continue
        value = ratio.value(arm.moments)
        found = told.difference(name, ratio)
        half = math.inf if found is None else _half_width(found, control.moments, ratio, settings)
        decides = metric == settings.metric
        verdict, detail = None, ""
        if decides and name != CONTROL:
            verdict, detail = _verdict(name, found, half, told, _few(arm, control, ratio))
        shown = None if found is None or math.isinf(half) else found
        spread = _own_spread(arm.moments, ratio)
        yield ArmLine(
            name, metric, decides, arm.moments.users, round(arm.moments.total("looks")), value,
            None if spread is None else value - spread,
            None if spread is None else value + spread,
            None if shown is None else shown.value,
            None if shown is None else shown.value - half,
            None if shown is None else shown.value + half,
            None if shown is None else shown.kept,
            told.fair, verdict, detail,
        )  # fmt: skip


def _half_width(found: ArmDifference, control: Moments, ratio: Ratio, settings: ExperimentSettings) -> float:
    """Of the difference; the doubt is shared out among the arms (Bonferroni)."""
    confidence = 1 - (1 - settings.confidence) / len(settings.arms)
    if settings.horizon == "fixed":
        return fixed_half_width(found.variance, confidence)
    scale = settings.effect * ratio.value(control)
    return sequential_half_width(found.variance, confidence, scale)


def _own_spread(moments: Moments, ratio: Ratio) -> float | None:
    """Half the interval of a measure of one arm."""
    if moments.users < 2:
        return None
    slope = ratio.gradient(moments)
    return fixed_half_width(max(float(slope @ moments.covariance @ slope), 0) / moments.users, INTERVAL)


def _few(arm: Arm, control: Arm, ratio: Ratio) -> str:
    """Why there is too little to go by; empty where there is enough."""
    least = min(side.moments.total(ratio.responders) for side in (arm, control))
    return "" if least >= LEAST else f"{least:.0f} users responded in the smaller arm; {LEAST} are needed"


def _verdict(
    name: str, found: ArmDifference | None, half: float, told: _Told, few: str
) -> tuple[ArmVerdict, str]:
    settings, now = told.settings, told.now
    if told.why:
        return "invalid", told.why
    if settings.horizon == "sequential" and name in now.decided:
        day, word = now.decided[name]
        return word, f"decided on {day}"
    if not now.over and settings.horizon == "fixed":
        return "running", f"decided once, on the day after {settings.end}"
    open_: ArmVerdict = "no difference" if now.over else "running"
    if few or found is None or math.isinf(half):
        return open_, few or "nothing to compare yet"
    low, high = found.value - half, found.value + half
    words = f"{settings.metric} differs by {found.value:+.4g} ({low:+.4g} to {high:+.4g})"
    if abs(found.value) <= half:
        return open_, words
    return ("better" if found.value > 0 else "worse"), words
