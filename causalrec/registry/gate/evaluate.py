"""Evaluates the challenger against its baselines and the champion, all on the same pinned data."""

import datetime as dt
import hashlib

import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import RegistryError
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome
from causalrec.metrics.ranking import Split
from causalrec.registry.champion.alias import champion_of, known_champion
from causalrec.registry.gate.checks import write_checks
from causalrec.registry.gate.comparison import read_comparison, rows_of
from causalrec.registry.gate.in_run import log_results, log_verdict
from causalrec.registry.gate.judged import gains, judge_all, measured
from causalrec.registry.gate.rules import decide
from causalrec.registry.kept import ERASED
from causalrec.registry.pins import dataset_row
from causalrec.registry.store import connect, guarded, store_exists
from causalrec.registry.versions import (
    AGAINST,
    DATASET,
    MODEL,
    ModelVersion,
    by_alias,
    need,
    version_of,
)


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
    results = judge_all(settings, dataset, challenger, champion)
    rows = [
        entry
        for (model, _), found in results.items()
        for entry in rows_of(dataset.dataset_id, challenger.version, model, found.rows)
    ]
    decisive: Split = "test" if dataset.data.test.shape[1] else "valid"
    rows += gains(settings, dataset.dataset_id, challenger, champion, results)
    rows += measured(settings, client, dataset, challenger, champion, results, decisive)
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
    log_results(challenger, results)
    log_verdict(client, challenger, verdict)
    client.set_model_version_tag(challenger.name, challenger.version, AGAINST, against)
    own = results[challenger.tags[MODEL], decisive]
    return Outcome(
        rows_in=int(dataset.data.valid.shape[1] + dataset.data.test.shape[1]),
        rows_out=written.rows,
        reads=dataset.pins,
        writes=(written, judged),
        counters={f"{decisive}_{row.name}": row.value for row in own.rows},
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
