"""Checks of the lists and of the model itself: variety, codes, change against the champion, cost."""

from collections.abc import Iterator

from causalrec.config.gate import GateSettings
from causalrec.metrics.evaluate import RANDOM_K
from causalrec.registry.gate.checks import Check, Status
from causalrec.registry.gate.comparison import Comparison
from causalrec.registry.gate.refuted import DIVERGED

MAX_SIZE_MB = 4_096.0  # largest package, in MB

# population stability index of scores against the champion's, above which the gate warns
MAX_SCORE_PSI = 0.25

MIN_CODE_PERPLEXITY = 0.1  # share of coarse codes over which items must effectively be spread
MIN_CODE_USAGE = 0.5  # share of coarse codes with items, below which the gate warns

MIN_EFFECTIVE_LOOKS = 30.0  # effective sample below which an off-policy value is a guess
MAX_MEAN_WEIGHT = 1.5  # factor by which the mean weight may differ from 1 before the gate warns

NOISE = {
    "placebo_content": "content replaced by noise",
    "shuffled_modality": "content replaced by noise",
    "shuffled_codes": "brands and categories of other items",
}
"""Refuter -> its change to the data, from which the model must not gain."""


def health(evaluation: Comparison, settings: GateSettings) -> Iterator[Check]:
    """Every check that can be decided without a champion, and the drift from the champion if there is one."""
    k = settings.metric.partition("@")[2]
    yield from _overlap(evaluation, settings)
    yield from _list_value(evaluation)
    yield _coverage(evaluation, settings, f"coverage@{k}")
    yield _lift(evaluation, settings, f"popularity_lift@{k}")
    yield from _codebook(evaluation)
    yield from _refuters(evaluation, settings)
    yield from _drift(evaluation, settings, k)
    yield _cost(evaluation, "latency", "latency_ms", settings.max_latency_ms, "ms per user")
    yield _cost(evaluation, "size", "size_mb", MAX_SIZE_MB, "MB")


def _overlap(evaluation: Comparison, settings: GateSettings) -> Iterator[Check]:
    """The data behind the debiased metrics: users with a value, and listed items shown at random."""
    users = evaluation.value(evaluation.model, "random_users")
    support = evaluation.value(evaluation.model, f"dr_support@{RANDOM_K}")
    if users is None or support is None:
        return  # nothing was shown at random: the check of the debiased metric reports that
    name, least = "overlap", settings.min_debiased_users
    if support <= 0:
        text = "no listed item was ever shown at random: only the outcome model speaks for them"
        decides = settings.debiased_metric.startswith("dr_")
        yield Check(name, "fail" if decides else "warn", support, None, text)
        return
    text = (
        f"{users:,.0f} users with a response, {support:.2f} of their listed items shown at random on average"
    )
    few: Status = "pass" if users >= least else "warn"
    yield Check(
        name, few, users, least, text if few == "pass" else f"too little for a debiased metric: {text}"
    )


def _list_value(evaluation: Comparison) -> Iterator[Check]:
    """The off-policy value of the first rows of the lists."""
    value = evaluation.measures[evaluation.model].get(f"snips_liked@{RANDOM_K}")
    looks, weight = (
        evaluation.value(evaluation.model, f"{name}_liked@{RANDOM_K}") for name in ("ess", "weight")
    )
    if value is None or value.low is None or value.high is None or looks is None or weight is None:
        return  # nothing, or nothing listed, was shown at random: the overlap check reports that
    theirs = evaluation.value("champion", f"snips_liked@{RANDOM_K}")
    against = "" if theirs is None else f", the champion's {theirs:.3f}"
    text = (
        f"responses per look at the first {RANDOM_K} rows, had they been shown: SNIPS {value.value:.3f} "
        f"({value.low:.3f} to {value.high:.3f}){against}; worth {looks:,.0f} random looks"
    )
    if looks < MIN_EFFECTIVE_LOOKS:
        yield Check("off-policy value", "warn", looks, MIN_EFFECTIVE_LOOKS, f"{text}, too few to rely on")
    elif not 1 / MAX_MEAN_WEIGHT <= weight <= MAX_MEAN_WEIGHT:
        doubt = f"mean weight {weight:.2f} instead of 1: compare models by it, do not take it as a rate"
        yield Check("off-policy value", "warn", weight, MAX_MEAN_WEIGHT, f"{text}; {doubt}")
    else:
        yield Check("off-policy value", "pass", looks, MIN_EFFECTIVE_LOOKS, text)


def _coverage(evaluation: Comparison, settings: GateSettings, metric: str) -> Check:
    value = evaluation.value(evaluation.model, metric)
    if value is None:
        return Check("coverage", "warn", None, settings.min_coverage, f"{metric} was not measured")
    status: Status = "pass" if value >= settings.min_coverage else "fail"
    return Check("coverage", status, value, settings.min_coverage, f"{value:.1%} of the catalogue is shown")


def _lift(evaluation: Comparison, settings: GateSettings, metric: str) -> Check:
    value, most = evaluation.value(evaluation.model, metric), settings.max_popularity_lift
    if value is None:
        return Check("popularity lift", "warn", None, most, f"{metric} was not measured")
    kind = "more" if value >= 0 else "less"
    text = f"listed items are {abs(value):.1%} {kind} popular than those in the histories"
    return Check("popularity lift", "pass" if value <= most else "warn", value, most, text)


def _codebook(evaluation: Comparison) -> Iterator[Check]:
    """Detects a collapsed codebook, whose codes would mix unlike items."""
    codes = evaluation.value(evaluation.model, "codebook_codes")
    perplexity = evaluation.value(evaluation.model, "codebook_perplexity")
    usage = evaluation.value(evaluation.model, "codebook_usage")
    if codes is None or perplexity is None or usage is None:
        return  # a model without codes makes no claim about them
    if codes <= 1:
        text = "the catalogue is too small for more than one learnt code, so codes adjust nothing"
        yield Check("codebook perplexity", "warn", perplexity, None, text)
        return
    least = MIN_CODE_PERPLEXITY * codes
    text = f"items spread over {perplexity:.1f} of {codes:.0f} coarse codes"
    yield Check("codebook perplexity", "pass" if perplexity >= least else "fail", perplexity, least, text)
    text = f"{usage:.0%} of the coarse codes are in use"
    status: Status = "pass" if usage >= MIN_CODE_USAGE else "warn"
    yield Check("codebook usage", status, usage, MIN_CODE_USAGE, text)


def _refuters(evaluation: Comparison, settings: GateSettings) -> Iterator[Check]:
    """Check that the model gains nothing from noise, loses without evidence and ignores irrelevant causes."""
    if evaluation.model != "causal":
        return  # no causal claim, nothing to refute
    for name in settings.refuters:
        change = evaluation.value(f"refuter:{name}", "relative_change")
        if change is None:
            text = f"{name} did not run for this version"
            yield Check(f"refuter {name}", "warn", None, None, text)
            continue
        if change >= DIVERGED:
            yield Check(f"refuter {name}", "fail", None, None, f"the training of {name} diverged")
            continue
        most = settings.max_refuter_change
        moved = f"validation {settings.metric} changes by {change:+.1%}"
        if name in NOISE:
            passed, threshold = change <= most, most
            text = f"with {NOISE[name]}, {moved}" + ("" if passed else ": the model gains from noise")
        elif name == "shuffled_evidence":
            passed, threshold = change <= -most, -most
            text = f"with responses dealt out to other looks, {moved}" + (
                "" if passed else ": the model ranks without evidence"
            )
        else:
            passed, threshold = abs(change) <= most, most
            text = f"with {name.replace('_', ' ')}, {moved}" + ("" if passed else ": it should not change")
        yield Check(f"refuter {name}", "pass" if passed else "fail", change, threshold, text)


def _drift(evaluation: Comparison, settings: GateSettings, k: str) -> Iterator[Check]:
    overlap = evaluation.value(evaluation.model, f"champion_overlap@{k}")
    if overlap is not None:
        text = f"{overlap:.0%} of the champion's recommendations are kept"
        status: Status = "pass" if overlap >= settings.min_overlap else "warn"
        yield Check("list drift", status, overlap, settings.min_overlap, text)
    psi = evaluation.value(evaluation.model, "champion_score_psi")
    if psi is not None:
        text = f"population stability index {psi:.3f} of standardised scores against the champion"
        status = "pass" if psi <= MAX_SCORE_PSI else "warn"
        yield Check("score drift", status, psi, MAX_SCORE_PSI, text)


def _cost(evaluation: Comparison, name: str, metric: str, most: float, unit: str) -> Check:
    value = evaluation.value(evaluation.model, metric)
    if value is None:
        return Check(name, "warn", None, most, f"{name} was not measured")
    status: Status = "pass" if value <= most else "warn"
    return Check(name, status, value, most, f"{value:,.2f} {unit}, limit {most:,.0f}")
