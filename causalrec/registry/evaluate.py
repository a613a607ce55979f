"""Evaluates the challenger beside its floors and the champion, all on the same pinned data."""

import datetime as dt
import hashlib
from typing import Any

import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import RegistryError
from causalrec.evaluation.bootstrap import paired_test
from causalrec.evaluation.evaluate import Evaluation, MetricRow, evaluate_all
from causalrec.evaluation.ranking import Split
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome
from causalrec.registry.comparison import CHALLENGER_GAIN, CHAMPION, rows_of
from causalrec.registry.judge import floors, score_on
from causalrec.registry.pins import dataset_row
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import (
    AGAINST,
    DATASET,
    MODEL,
    ModelVersion,
    by_alias,
    need,
    opened,
    version_of,
)

Results = dict[tuple[str, Split], Evaluation]


def evaluate_version_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """Dataset, challenger, the champion it is compared with, and the settings of gate and floors."""
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "challenger": version_of(settings, "challenger"),
        "champion": _opponent(settings),
        "gate": hashlib.sha256(settings.gate.model_dump_json(exclude={"auto_approve"}).encode()).hexdigest(),
        "floors": hashlib.sha256(settings.model.baselines.model_dump_json().encode()).hexdigest(),
    }


def _opponent(settings: Settings) -> str:
    """The champion's version; for a challenger that was promoted meanwhile, the champion before."""
    if not store_exists(settings):
        return ""
    client = connect(settings)
    challenger, champion = by_alias(client, settings, "challenger"), by_alias(client, settings, "champion")
    if challenger is not None and champion is not None and challenger.version == champion.version:
        return challenger.tags.get(AGAINST, "")
    return "" if champion is None else champion.version


def evaluate_version(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> Outcome:
    """Replaces the partition of ``evaluations`` and logs the same numbers to the challenger's run.

    Raises:
        RegistryError: no challenger, a damaged one, or one that was trained on other data.
    """
    client = connect(settings)
    dataset = load_dataset(settings, lake, ds)
    challenger, champion = need(client, settings, "challenger"), by_alias(client, settings, "champion")
    _same_data(challenger, dataset, ds)
    if champion is not None and champion.version == challenger.version:
        champion = None
    results = _judge_all(settings, dataset, challenger, champion)
    rows = [
        entry
        for (model, _), found in results.items()
        for entry in rows_of(dataset.dataset_id, challenger.version, model, found.rows)
    ]
    rows += _gains(settings, dataset.dataset_id, challenger, champion, results)
    table = lake.table("evaluations")
    schema = pa.schema([field for field in table.contract.arrow_schema if field.name != "ds"])
    written = table.replace(pa.Table.from_pylist(rows, schema=schema), {"ds": ds.isoformat()})
    _log(challenger, results)
    against = "" if champion is None else champion.version
    client.set_model_version_tag(challenger.name, challenger.version, AGAINST, against)
    decisive: Split = "test" if dataset.data.test.shape[1] else "valid"
    own = results[challenger.tags[MODEL], decisive]
    return Outcome(
        rows_in=int(dataset.data.valid.shape[1] + dataset.data.test.shape[1]),
        rows_out=written.rows,
        reads=dataset.pins,
        writes=(written,),
        counters={f"{decisive}_{_name(row)}": row.value for row in own.rows},
        note=f"version {challenger.version} beside {', '.join(sorted({model for model, _ in results}))}",
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
    """(model, split) -> metrics of challenger, champion and floors, on every split that has pairs."""
    cutoffs = settings.gate.cutoffs
    scores = dict(floors(settings, dataset.data))
    splits: list[Split] = [split for split in ("valid", "test") if getattr(dataset.data, split).shape[1]]
    if not splits:
        raise RegistryError(
            "the dataset has no held-out pairs", do="raise dataset.valid_share or add history"
        )
    with opened(challenger) as package:
        scores[challenger.tags[MODEL]] = score_on(package, dataset)
        results = {
            (m, s): evaluate_all(score, dataset.data, s, cutoffs)
            for m, score in scores.items()
            for s in splits
        }
    if champion is not None:
        with opened(champion) as package:
            score = score_on(package, dataset)
            name = f"{CHAMPION}{champion.version}"
            results |= {(name, split): evaluate_all(score, dataset.data, split, cutoffs) for split in splits}
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
    asked, model = settings.gate.metric, challenger.tags[MODEL]
    metric, _, k = asked.partition("@")
    rows = []
    for split in sorted({split for _, split in results}):
        mine, theirs = results[model, split], results[f"{CHAMPION}{champion.version}", split]
        if asked in mine.ranked.metrics:
            test = paired_test(mine.per_user(asked), theirs.per_user(asked))
            name = f"{metric}_{CHALLENGER_GAIN}"
            rows.append(MetricRow(split, name, int(k), test.difference, test.low, test.high))
    return rows_of(dataset_id, challenger.version, model, rows)


def _log(challenger: ModelVersion, results: Results) -> None:
    """The same numbers as metrics and a figure of the run that made the version."""
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
