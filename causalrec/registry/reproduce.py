"""Retrains a registered version from its pins, settings and seed on a CPU, and compares the two."""

import datetime as dt
import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from causalrec.config import Settings
from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.config.sections import DatasetSettings, FeatureSettings
from causalrec.dataset.load import Dataset, open_bundle
from causalrec.errors import DatasetError, RegistryError
from causalrec.evaluation.evaluate import MetricRow, evaluate_all
from causalrec.evaluation.ranking import Split
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin
from causalrec.model.base import Progress
from causalrec.registry.alike import Table, compare_packages
from causalrec.registry.environment import Difference, differences, environment_of
from causalrec.registry.judge import score_on
from causalrec.registry.package import ModelPackage, open_package, write_package
from causalrec.registry.store import connect
from causalrec.registry.versions import ModelVersion, by_number, opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPRODUCED = "reproduced"  # tag of the version: how the last reproduction ended
Verdict = Literal["exact", "close", "different"]
Wanted = Callable[[], "SparkSession"]


@dataclass(frozen=True)
class Metric:
    """A metric as logged at the evaluation (None: never evaluated), of the registered and the new model."""

    split: str
    name: str
    logged: float | None
    registered: float
    retrained: float


@dataclass(frozen=True)
class Reproduction:
    """What came of it.

    Attributes:
        verdict: ``exact`` (every array is equal bit by bit), ``close`` (no metric differs by more than
            ``registry.reproduced_within``) or ``different``.
        data: where the training data came from: the kept bundle, or a rebuild from the pins.
        metrics, tables: side by side. differences: what is otherwise here than where it was trained.
        seconds: of the training.
    """

    version: ModelVersion
    verdict: Verdict
    data: str
    metrics: tuple[Metric, ...]
    tables: tuple[Table, ...]
    differences: tuple[Difference, ...]
    seconds: float


def reproduce(
    settings: Settings,
    lake: Lake,
    number: str,
    spark: Wanted,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> Reproduction:
    """Retrains version ``number`` and tags it with the verdict; no alias, table or version changes.

    Args:
        spark: called only if the data must be rebuilt: with ``rebuild``, or where its bundle is gone.

    Raises:
        RegistryError: there is no such version, it is damaged, or the data is not what it learnt from.
        PinError: a pinned version of a table can no longer be read.
    """
    from causalrec.training.factory import build_recommender, recommender_recipe

    client = connect(settings)
    version = by_number(client, settings, number)
    with opened(version) as package, tempfile.TemporaryDirectory(prefix="causalrec-reproduce-") as scratch:
        then = _settings_then(settings, package)
        data, dataset = _data(then, lake, package, spark, Path(scratch), rebuild)
        here = then.training.model_copy(update={"device": "cpu"})
        recommender = build_recommender(then.model_copy(update={"training": here}))
        recorded: dict[str, Any] = package.manifest.get("environment", {})
        with _threads(recorded):
            now = environment_of(here)
            report = recommender.fit(dataset.data, progress=progress)
        recommender.recipe = recommender_recipe(then.model, then.training)
        folder = Path(scratch) / "retrained"
        again = open_package(folder, write_package(folder, recommender, dataset, package.manifest))
        tables = compare_packages(package, again)
        metrics = tuple(
            _metrics(settings, dataset, package, again, client.get_run(version.run_id).data.metrics)
        )
        found = tuple(differences(recorded, now))
    verdict = _verdict(tables, metrics, settings.registry.reproduced_within)
    result = Reproduction(version, verdict, data, metrics, tables, found, report.seconds)
    when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    client.log_dict(version.run_id, as_json(result), f"reproductions/{when.replace(':', '')}.json")
    client.set_model_version_tag(version.name, version.version, REPRODUCED, f"{verdict} on {when}")
    return result


def as_json(result: Reproduction) -> dict[str, Any]:
    """The result as it is logged to the version's run."""
    return {name: value for name, value in asdict(result).items() if name != "version"}


def _settings_then(settings: Settings, package: ModelPackage) -> Settings:
    """Where things lie now, with the settings of model, training and data that the version was made with."""
    recipe = package.recommender().recipe
    carried = package.manifest.get("settings", {})
    return settings.model_copy(
        update={
            "model": ModelSettings.model_validate(recipe["model"]),
            "training": TrainingSettings.model_validate(recipe["training"]),
            "dataset": DatasetSettings.model_validate(carried.get("dataset", settings.dataset.model_dump())),
            "features": FeatureSettings.model_validate(
                carried.get("features", settings.features.model_dump())
            ),
        }
    )


def _data(
    settings: Settings, lake: Lake, package: ModelPackage, spark: Wanted, scratch: Path, rebuild: bool
) -> tuple[str, Dataset]:
    """The bundle that was kept, if its hashes hold; else one that the pinned tables make anew."""
    from causalrec.dataset.build import rebuild_bundle

    wanted = package.manifest["dataset_id"]
    pins = tuple(Pin(table, number) for table, number in sorted(package.manifest["pins"].items()))
    if not rebuild:
        try:
            return f"bundle {wanted}", open_bundle(settings.bundle_root / wanted, wanted, pins)
        except DatasetError as error:
            if not pins:
                raise RegistryError(f"{error.what}, and no tables are pinned", do=error.do) from error
    day = dt.date.fromisoformat(package.manifest["ds"])
    found = rebuild_bundle(settings, lake, spark(), day, pins, scratch)
    if found != wanted:
        raise RegistryError(
            f"the pinned tables make dataset {found}, the version learnt from {wanted}: "
            f"{_changed(scratch / found, package)} differ",
            do="look for an erased user, a changed setting of the data, or another version of Spark",
        )
    return f"{wanted}, rebuilt from {len(pins)} pinned tables", open_bundle(scratch / found, found, pins)


def _changed(folder: Path, package: ModelPackage) -> str:
    from causalrec.dataset.store import verify_bundle

    now, then = verify_bundle(folder)["files"], package.manifest.get("files", {})
    return ", ".join(sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name)))


@contextmanager
def _threads(recorded: dict[str, Any]) -> Iterator[None]:
    """As many threads as then, since sums in another order end in other last digits."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(int(recorded.get("machine", {}).get("threads", before)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _metrics(
    settings: Settings,
    dataset: Dataset,
    registered: ModelPackage,
    retrained: ModelPackage,
    logged: dict[str, float],
) -> Iterator[Metric]:
    splits: list[Split] = [split for split in ("valid", "test") if getattr(dataset.data, split).shape[1]]
    for split in splits:
        old, new = (
            evaluate_all(score_on(package, dataset), dataset.data, split, settings.gate.cutoffs).rows
            for package in (registered, retrained)
        )
        for before, after in zip(old, new, strict=True):
            name = f"{before.metric}@{before.k}" if before.k else before.metric
            then = logged.get(f"{split}_{name.replace('@', '_at_')}")
            yield Metric(split, name, then, _value(before), _value(after))


def _value(row: MetricRow) -> float:
    return float(row.value)


def _verdict(tables: tuple[Table, ...], metrics: tuple[Metric, ...], within: float) -> Verdict:
    if all(table.equal for table in tables):
        return "exact"
    pairs = [(metric.registered, metric.retrained) for metric in metrics]
    alike = (abs(new - old) <= within or (math.isnan(new) and math.isnan(old)) for old, new in pairs)
    return "close" if all(alike) else "different"
