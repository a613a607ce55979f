"""Retrains a registered version from its pins, settings and seed on a CPU, and compares the two."""

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from causalrec.config import Settings
from causalrec.config.dataset import DatasetSettings
from causalrec.config.features import FeatureSettings
from causalrec.config.known import known
from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.load import Dataset, open_bundle, open_stored
from causalrec.errors import DatasetError, RegistryError
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin
from causalrec.model.base import Progress
from causalrec.registry.package import ModelPackage, open_package, write_package
from causalrec.registry.reproduction.alike import compare_packages
from causalrec.registry.reproduction.compare import Reproduction, as_json, compared_metrics, verdict_of
from causalrec.registry.reproduction.environment import differences, environment_of
from causalrec.registry.store import connect
from causalrec.registry.versions import by_number, opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPRODUCED_WITHIN = 0.005
"""Largest difference of a metric at which a retrained model counts as the same."""

REPRODUCED = "reproduced"  # tag of the version: how the last reproduction ended
Wanted = Callable[[], "SparkSession"]
Section = TypeVar("Section", bound=BaseModel)


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
        spark: called only if the data must be rebuilt: with ``rebuild``, or if its bundle is gone.

    Raises:
        RegistryError: there is no such version, it is damaged, or the data is not what it was trained on.
        PinError: a pinned version of a table can no longer be read.
    """
    from causalrec.training.factory import build_recommender
    from causalrec.training.refit import refitted

    client = connect(settings)
    version = by_number(client, settings, number)
    with opened(version) as package, tempfile.TemporaryDirectory(prefix="causalrec-reproduce-") as scratch:
        recipe = package.recommender().recipe
        then = _settings_then(settings, package, recipe)
        data, dataset = _data(then, lake, package, spark, Path(scratch), rebuild)
        here = then.training.model_copy(update={"device": "cpu"})
        recommender = build_recommender(then.model_copy(update={"training": here}))
        recorded: dict[str, Any] = package.manifest.get("environment", {})
        with _threads(recorded):
            now = environment_of(here)
            report = recommender.fit(dataset.data, progress=progress)
        recommender.recipe = recipe  # an input, not something learnt
        recommender.worth = package.worth
        served = refitted(then, dataset.data, recommender, report.best_epoch)
        folder = Path(scratch) / "retrained"
        rules = package.shop_rules
        digest = write_package(folder, served, dataset, package.manifest, judged=recommender, rules=rules)
        again = open_package(folder, digest)
        tables = compare_packages(package, again)
        metrics = tuple(
            compared_metrics(dataset, package, again, client.get_run(version.run_id).data.metrics)
        )
        found = tuple(differences(recorded, now))
    verdict = verdict_of(tables, metrics, REPRODUCED_WITHIN)
    result = Reproduction(version, verdict, data, metrics, tables, found, report.seconds)
    when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    client.log_dict(version.run_id, as_json(result), f"reproductions/{when.replace(':', '')}.json")
    client.set_model_version_tag(version.name, version.version, REPRODUCED, f"{verdict} on {when}")
    return result


def _valid(section: type[Section], written: Mapping[str, Any]) -> Section:
    """The section as recorded by a version; settings that have since become constants are skipped."""
    return section.model_validate(known(section, written))


def _settings_then(settings: Settings, package: ModelPackage, recipe: Mapping[str, Any]) -> Settings:
    """The present paths, with the version's settings of model, training and data."""
    carried = package.manifest.get("settings", {})
    return settings.model_copy(
        update={
            "model": _valid(ModelSettings, recipe["model"]),
            "training": _valid(
                TrainingSettings, {**recipe["training"], "refit": package.manifest.get("refitted", False)}
            ),
            "dataset": _valid(DatasetSettings, carried.get("dataset", settings.dataset.model_dump())),
            "features": _valid(FeatureSettings, carried.get("features", settings.features.model_dump())),
        }
    )


def _data(
    settings: Settings, lake: Lake, package: ModelPackage, spark: Wanted, scratch: Path, rebuild: bool
) -> tuple[str, Dataset]:
    """The kept bundle, if its hashes match; else one rebuilt from the pinned tables."""
    from causalrec.dataset.build import rebuild_bundle

    wanted = package.manifest["dataset_id"]
    pins = tuple(Pin(table, number) for table, number in sorted(package.manifest["pins"].items()))
    if not rebuild:
        try:
            return f"bundle {wanted}", open_stored(settings, wanted, pins)
        except DatasetError as error:
            if not pins:
                raise RegistryError(f"{error.what}, and no tables are pinned", do=error.do) from error
    day = dt.date.fromisoformat(package.manifest["ds"])
    found = rebuild_bundle(settings, lake, spark(), day, pins, scratch)
    if found != wanted:
        raise RegistryError(
            f"the pinned tables make dataset {found}, the version was trained on {wanted}: "
            f"{_changed(scratch / found, package)} differ",
            do="check for an erased user, a changed dataset setting, or a different version of Spark",
        )
    return f"{wanted}, rebuilt from {len(pins)} pinned tables", open_bundle(scratch / found, found, pins)


def _changed(folder: Path, package: ModelPackage) -> str:
    from causalrec.dataset.store import verify_bundle

    now, then = verify_bundle(folder)["files"], package.manifest.get("files", {})
    return ", ".join(sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name)))


@contextmanager
def _threads(recorded: dict[str, Any]) -> Iterator[None]:
    """As many threads as then, since sums in a different order differ in their last digits."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(int(recorded.get("machine", {}).get("threads", before)))
    try:
        yield
    finally:
        torch.set_num_threads(before)
