"""The gate: what a challenger must show before it becomes champion. A pure function of numbers."""

from collections.abc import Iterator

from causalrec.config.gate import GateSettings
from causalrec.registry.gate.checks import Check, Status, Verdict
from causalrec.registry.gate.comparison import GAIN, LOGGED, OVER, Comparison, Measure
from causalrec.registry.gate.health import health

EQUAL = 1e-12  # metrics are averages of doubles over the same users


def decide(
    evaluation: Comparison,
    settings: GateSettings,
    *,
    dataset_id: str,
    champion: str | None,
    outdated: bool = False,
) -> Verdict:
    """Judge an evaluation.

    Args:
        dataset_id: the data that the challenger was trained on; an evaluation on other data is refused.
        champion: version of the present champion; None if there is none.
        outdated: the champion must be replaced, because it was trained on erased data. Equal quality
            suffices, and so does a loss beyond the limit that chance may explain: the champion had more
            to learn from than any version without these data can have.
    """
    checks = tuple(_checks(evaluation, settings, dataset_id, champion, outdated))
    if any(check.status == "fail" for check in checks):
        return Verdict("reject", checks)
    gained = outdated or not _nothing_gained(evaluation, settings, champion)
    return Verdict("promote" if gained and champion != evaluation.version else "keep", checks)


def _checks(
    evaluation: Comparison, settings: GateSettings, dataset_id: str, champion: str | None, outdated: bool
) -> Iterator[Check]:
    yield _same_data(evaluation, dataset_id)
    own = evaluation.value(evaluation.model, settings.metric)
    if own is None:
        yield Check("measured", "fail", None, None, f"{settings.metric} was not measured")
        return
    yield _baseline(evaluation, settings, own, "popularity", "fail")
    yield _baseline(evaluation, settings, own, "ease", "warn")
    yield _against_champion(evaluation, settings, own, champion, outdated)
    yield _debiased(evaluation, settings, champion)
    yield from health(evaluation, settings)


def _same_data(evaluation: Comparison, dataset_id: str) -> Check:
    same = evaluation.dataset_id == dataset_id
    text = f"evaluated on dataset {evaluation.dataset_id}" + ("" if same else f", expected {dataset_id}")
    return Check("same data", "pass" if same else "fail", None, None, text)


def _baseline(
    evaluation: Comparison, settings: GateSettings, own: float, baseline: str, below: Status
) -> Check:
    """Held-out pairs were chosen and shown, so the version answers with its ranking by both if it has one."""
    name, metric = f"baseline {baseline}", settings.metric
    if evaluation.model == baseline:
        return Check(name, "pass", own, own, f"the challenger is the {baseline} baseline itself")
    value = evaluation.value(baseline, metric)
    if value is None:
        why = " (the catalogue is too large for it)" if baseline == "ease" else ""
        return Check(name, below, own, None, f"the {baseline} baseline was not measured{why}")
    logged = evaluation.value(evaluation.model, LOGGED + metric)
    asked, own = (metric, own) if logged is None else (LOGGED + metric, logged)
    if own > value:
        return Check(name, "pass", own, value, f"{asked} {own:.4f} > {value:.4f} of {baseline}")
    text = f"{asked} {own:.4f} <= {value:.4f} of {baseline}"
    lead = evaluation.difference(metric, OVER + baseline)
    if lead is None or lead.low is None or lead.high is None:
        return Check(name, below, own, value, text)
    text += _interval(lead)
    if lead.high <= 0:
        return Check(name, below, own, value, text)
    return Check(name, "warn", own, value, f"maybe by chance: {text}")


def _against_champion(
    evaluation: Comparison, settings: GateSettings, own: float, champion: str | None, outdated: bool
) -> Check:
    if champion is None or champion == evaluation.version:
        text = "there is no champion yet" if champion is None else "it is already the champion"
        return Check("champion", "pass", own, None, text)
    if evaluation.champion != champion:
        asked = (
            f"champion is version {champion}, the evaluation compared with {evaluation.champion or 'none'}"
        )
        return Check("champion", "fail", own, None, asked)
    theirs = evaluation.value("champion", settings.metric)
    if theirs is None:
        return Check("champion", "fail", own, None, f"{settings.metric} of the champion was not measured")
    return _compare(evaluation, settings, own, theirs, outdated)


def _compare(
    evaluation: Comparison, settings: GateSettings, own: float, theirs: float, outdated: bool
) -> Check:
    gain = evaluation.difference(settings.metric, GAIN)
    text = f"{settings.metric} {own:.4f} against {theirs:.4f} of version {evaluation.champion}"
    text += _interval(gain)
    least = theirs * (1 - settings.max_relative_loss)
    if abs(own - theirs) <= EQUAL:
        return Check("champion", "pass", own, theirs, f"the same as the champion: {text}")
    if own < least:
        by_chance = gain is not None and gain.high is not None and gain.high >= least - theirs
        if outdated and by_chance:
            return Check("champion", "warn", own, least, f"worse, maybe by chance: {text}")
        return Check("champion", "fail", own, least, f"worse than the champion: {text}")
    surely_worse = gain is not None and gain.high is not None and gain.high < 0
    return Check("champion", "warn" if surely_worse else "pass", own, least, text)


def _debiased(evaluation: Comparison, settings: GateSettings, champion: str | None) -> Check:
    """The same comparison on randomly exposed data."""
    name, asked = "debiased", settings.debiased_metric
    own = evaluation.value(evaluation.model, asked)
    if own is None:
        return Check(name, "warn", None, None, f"{asked} was not measured: no items were shown at random")
    theirs = evaluation.value("champion", asked)
    if theirs is None or champion is None or champion == evaluation.version:
        return Check(name, "pass", own, None, f"{asked} {own:.4f}; no champion to compare with")
    gain = evaluation.difference(asked, GAIN)
    text = f"{asked} {own:.4f} against {theirs:.4f} of version {evaluation.champion}"
    if gain is None or gain.low is None or gain.high is None:
        return Check(name, "warn", own, theirs, f"{text}; not tested for significance")
    text += _interval(gain)
    least = theirs * (1 - settings.max_relative_loss)
    if gain.high >= 0:
        return Check(name, "pass", own, least, text)
    return Check(
        name, "fail" if own < least else "warn", own, least, f"significantly worse without bias: {text}"
    )


def _interval(difference: Measure | None) -> str:
    if difference is None or difference.low is None or difference.high is None:
        return ""
    return f" (difference 95 % [{difference.low:+.4f}, {difference.high:+.4f}])"


def _nothing_gained(evaluation: Comparison, settings: GateSettings, champion: str | None) -> bool:
    """The champion stays if the challenger is the champion itself, or exactly as good."""
    own = evaluation.value(evaluation.model, settings.metric)
    theirs = evaluation.value("champion", settings.metric)
    same = own is not None and theirs is not None and abs(own - theirs) <= EQUAL
    return champion is not None and (champion == evaluation.version or same)
