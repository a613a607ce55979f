"""Challenger, baselines and champion measured on the same pinned data."""

from typing import TYPE_CHECKING, Any

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.errors import RegistryError
from causalrec.metrics.evaluate import KS, Evaluation, MetricRow, evaluate_all
from causalrec.metrics.ranking import Split
from causalrec.registry.gate.comparison import CHAMPION, GAIN, OVER, difference_row, rows_of
from causalrec.registry.gate.measures import (
    codebook_rows,
    drift_rows,
    latency_ms,
    logged_rows,
    ranked_as_logged,
    size_mb,
)
from causalrec.registry.gate.refuted import refuted
from causalrec.registry.gate.scores import BASELINES, baselines, score_on
from causalrec.registry.package import ModelPackage
from causalrec.registry.versions import MODEL, ModelVersion, opened

if TYPE_CHECKING:
    from mlflow import MlflowClient

LATENCY = "latency_ms"  # tag: measured once, so that a repeated evaluation changes nothing
Results = dict[tuple[str, Split], Evaluation]


def judge_all(
    settings: Settings, dataset: Dataset, challenger: ModelVersion, champion: ModelVersion | None
) -> Results:
    """(model, split) -> metrics of challenger, champion and baselines, on every split with pairs."""
    scores = dict(baselines(settings, dataset.data))
    splits: list[Split] = [split for split in ("valid", "test") if getattr(dataset.data, split).shape[1]]
    if not splits:
        raise RegistryError(
            "the dataset has no held-out pairs", do="raise dataset.valid_share or add history"
        )
    with opened(challenger) as package:
        scores[challenger.tags[MODEL]] = score_on(package, dataset)
        results = {
            (m, s): evaluate_all(score, dataset.data, s) for m, score in scores.items() for s in splits
        }
    if champion is not None:
        with opened(champion) as package:
            score = score_on(package, dataset)
            name = f"{CHAMPION}{champion.version}"
            results |= {(name, split): evaluate_all(score, dataset.data, split) for split in splits}
    return results


def gains(
    settings: Settings,
    dataset_id: str,
    challenger: ModelVersion,
    champion: ModelVersion | None,
    results: Results,
) -> list[dict[str, Any]]:
    """Paired bootstrap of the deciding metric, challenger minus champion, per split."""
    if champion is None:
        return []
    model = challenger.tags[MODEL]
    rows = []
    for split in sorted({split for _, split in results}):
        mine, theirs = results[model, split], results[f"{CHAMPION}{champion.version}", split]
        rows += [
            difference_row(split, asked, GAIN, mine.per_user(asked), theirs.per_user(asked))
            for asked in dict.fromkeys((settings.gate.metric, settings.gate.debiased_metric))
            if asked in mine.paired and asked in theirs.paired
        ]
    return rows_of(dataset_id, challenger.version, model, rows)


def measured(
    settings: Settings,
    client: "MlflowClient",
    dataset: Dataset,
    challenger: ModelVersion,
    champion: ModelVersion | None,
    results: Results,
    split: Split,
) -> list[dict[str, Any]]:
    """Codes, cost, drift from the champion, and the results of the refuters from the training run."""
    model, k = challenger.tags[MODEL], int(settings.gate.metric.partition("@")[2] or 20)
    with opened(challenger) as package:
        rows = codebook_rows(package, split)
        rows += _on_logged_choices(settings, package, dataset, model, results, split)
        rows.append(MetricRow(split, "size_mb", 0, size_mb(package)))
        if LATENCY not in challenger.tags:
            spent = latency_ms(package, settings, dataset)
            client.set_model_version_tag(challenger.name, challenger.version, LATENCY, f"{spent:.3f}")
            challenger.tags[LATENCY] = f"{spent:.3f}"
    rows.append(MetricRow(split, LATENCY, 0, float(challenger.tags[LATENCY])))
    if champion is not None:
        rows += drift_rows(results[model, split], results[f"{CHAMPION}{champion.version}", split], k, split)
    found = rows_of(dataset.dataset_id, challenger.version, model, rows)
    for name, change in refuted(client, challenger.run_id).items():
        row = MetricRow(split, "relative_change", 0, change)
        found += rows_of(dataset.dataset_id, challenger.version, f"refuter:{name}", [row])
    return found


def _on_logged_choices(
    settings: Settings, package: ModelPackage, dataset: Dataset, model: str, results: Results, split: Split
) -> list[MetricRow]:
    """The ranking by what is chosen anyway, and how far it leads the baselines.

    Held-out pairs were chosen and shown. Popularity and EASE learn both; a ranking by the response alone is
    not an answer to the same question, so the baselines are compared with this one if there is one.
    """
    splits = [part for judged, part in results if judged == model]
    logged = ranked_as_logged(package, dataset.data, splits, KS)
    asked = settings.gate.metric
    ranked = results[model, split].paired | (logged[split].metrics if logged else {})
    beside = [name for name in BASELINES if (name, split) in results and name != model and asked in ranked]
    return logged_rows(logged) + [
        difference_row(split, asked, OVER + name, ranked[asked], results[name, split].per_user(asked))
        for name in beside
    ]
