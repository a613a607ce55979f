"""Evaluates the challenger against its baselines and the champion, all on the same pinned data."""

import datetime as dt
import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import RegistryError
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome
from causalrec.metrics.bootstrap import paired_test
from causalrec.metrics.evaluate import KS, Evaluation, MetricRow, evaluate_all
from causalrec.metrics.ranking import Split
from causalrec.registry.champion.alias import champion_of, known_champion
from causalrec.registry.gate.checks import Verdict, write_checks
from causalrec.registry.gate.comparison import CHALLENGER_GAIN, CHAMPION, read_comparison, rows_of
from causalrec.registry.gate.judge import BASELINES, baselines, score_on
from causalrec.registry.gate.measures import (
    codebook_rows,
    drift_rows,
    latency_ms,
    lead_rows,
    logged_rows,
    ranked_as_logged,
    size_mb,
)
from causalrec.registry.gate.refuted import refuted
from causalrec.registry.gate.rules import decide
from causalrec.registry.kept import ERASED
from causalrec.registry.package import ModelPackage
from causalrec.registry.pins import dataset_row
from causalrec.registry.store import connect, guarded, store_exists
from causalrec.registry.versions import (
    AGAINST,
    DATASET,
    GATE,
    MODEL,
    ModelVersion,
    by_alias,
    need,
    opened,
    version_of,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

LATENCY = "latency_ms"  # tag: measured once, so that a repeated evaluation changes nothing
Results = dict[tuple[str, Split], Evaluation]


def evaluate_version_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """Dataset, challenger, the champion it is compared with, and the settings of gate and baselines."""
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "challenger": version_of(settings, "challenger"),
        "champion": opponent(settings, lake),
        "gate": hashlib.sha256(settings.gate.model_dump_json(exclude={"auto_approve"}).encode()).hexdigest(),
        "baselines": hashlib.sha256(settings.model.baselines.model_dump_json().encode()).hexdigest(),
    }


def opponent(settings: Settings, lake: Lake) -> str:
    """The champion's version; for a challenger that was promoted in the meantime, the champion before."""
    champion = known_champion(settings, lake)
    challenger = by_alias(connect(settings), settings, "challenger") if store_exists(settings) else None
    if challenger is not None and champion is not None and challenger.version == champion.version:
        return challenger.tags.get(AGAINST, "")
    return "" if champion is None else champion.version


def evaluate_version(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> Outcome:
    """Replaces the partition of ``evaluations`` and logs the same numbers to the challenger's run.

    Raises:
        RegistryError: no challenger, a damaged one, or one that was trained on other data.
    """
    with guarded(settings):
        return _evaluated(settings, lake, ds)


def _evaluated(settings: Settings, lake: Lake, ds: dt.date) -> Outcome:
    client = connect(settings)
    dataset = load_dataset(settings, lake, ds)
    challenger, champion = need(client, settings, "challenger"), champion_of(client, settings, lake)
    _same_data(challenger, dataset, ds)
    if champion is not None and champion.version == challenger.version:
        champion = None
    results = _judge_all(settings, dataset, challenger, champion)
    rows = [
        entry
        for (model, _), found in results.items()
        for entry in rows_of(dataset.dataset_id, challenger.version, model, found.rows)
    ]
    decisive: Split = "test" if dataset.data.test.shape[1] else "valid"
    rows += _gains(settings, dataset.dataset_id, challenger, champion, results)
    rows += _measured(settings, client, dataset, challenger, champion, results, decisive)
    table = lake.table("evaluations")
    schema = pa.schema([field for field in table.contract.arrow_schema if field.name != "ds"])
    written = table.replace(pa.Table.from_pylist(rows, schema=schema), {"ds": ds.isoformat()})
    evaluation = read_comparison(lake, ds, challenger.version, challenger.tags[MODEL])
    against = "" if champion is None else champion.version
    verdict = decide(
        evaluation,
        settings.gate,
        dataset_id=dataset.dataset_id,
        champion=evaluation.champion,
        outdated=champion is not None and ERASED in champion.tags,
    )
    judged = write_checks(lake, ds, dataset.dataset_id, challenger.version, evaluation.champion, verdict)
    _log(challenger, results)
    _log_verdict(client, challenger, verdict)
    client.set_model_version_tag(challenger.name, challenger.version, AGAINST, against)
    own = results[challenger.tags[MODEL], decisive]
    return Outcome(
        rows_in=int(dataset.data.valid.shape[1] + dataset.data.test.shape[1]),
        rows_out=written.rows,
        reads=dataset.pins,
        writes=(written, judged),
        counters={f"{decisive}_{_name(row)}": row.value for row in own.rows},
        note=f"version {challenger.version} compared with "
        f"{', '.join(sorted({model for model, _ in results}))}; "
        f"gate: {verdict.decision} ({verdict.why})",
    )


def _same_data(challenger: ModelVersion, dataset: Dataset, ds: dt.date) -> None:
    trained = challenger.tags.get(DATASET, "unknown")
    if trained != dataset.dataset_id:
        raise RegistryError(
            f"version {challenger.version} was trained on dataset {trained}, {ds} has {dataset.dataset_id}",
            do=f"run train for {ds}",
        )


def _judge_all(
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


def _gains(
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
        for asked in dict.fromkeys((settings.gate.metric, settings.gate.debiased_metric)):
            if asked in mine.paired and asked in theirs.paired:
                metric, _, k = asked.partition("@")
                test = paired_test(mine.per_user(asked), theirs.per_user(asked))
                name = f"{metric}_{CHALLENGER_GAIN}"
                rows.append(MetricRow(split, name, int(k or 0), test.difference, test.low, test.high))
    return rows_of(dataset_id, challenger.version, model, rows)


def _measured(
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
    beside = {name: results[name, split] for name in BASELINES if (name, split) in results and name != model}
    leads = lead_rows(ranked[asked], beside, asked, split) if asked in ranked else []
    return logged_rows(logged) + leads


def _log_verdict(client: "MlflowClient", challenger: ModelVersion, verdict: Verdict) -> None:
    """Logs the table of checks to the run, and tags the version with the decision."""
    rows = [asdict(check) for check in verdict.checks]
    client.log_dict(challenger.run_id, {"decision": verdict.decision, "checks": rows}, "gate/checks.json")
    for status in ("pass", "warn", "fail"):
        client.log_metric(challenger.run_id, f"gate_{status}", float(verdict.count(status)))
    client.set_model_version_tag(challenger.name, challenger.version, GATE, verdict.decision)


def _log(challenger: ModelVersion, results: Results) -> None:
    """Logs the same numbers as metrics, and a figure, to the run that made the version."""
    import mlflow

    from causalrec.registry.plots import metric_bars

    def key(model: str, split: str, metric: str) -> str:
        who = "" if model == challenger.tags[MODEL] else f"{model.partition(':')[0]}_"
        return f"{who}{split}_{metric.replace('@', '_at_')}"

    with mlflow.start_run(run_id=challenger.run_id):
        mlflow.log_metrics(
            {
                key(model, split, _name(row)): row.value
                for (model, split), found in results.items()
                for row in found.rows
            }
        )
        for split in sorted({split for _, split in results}):
            values = {
                model: {_name(row): row.value for row in found.rows}
                for (model, at), found in results.items()
                if at == split
            }
            names = [name for name in next(iter(values.values())) if name.startswith(("recall", "ndcg"))]
            mlflow.log_figure(metric_bars(values, names[:2]), f"plots/{split}_metrics.png")


def _name(row: MetricRow) -> str:
    return f"{row.metric}@{row.k}" if row.k else row.metric
