"""All stores of a shop, in the order in which they are erased."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from causalrec.config import Settings
from causalrec.contracts import table_names
from causalrec.erasure.checked_out import CheckedOut
from causalrec.erasure.databases import SqliteStore
from causalrec.erasure.experiments import ArtifactStore, FactStore, LooseModelStore, ModelStore
from causalrec.erasure.exports import ParquetStore, PluginStore, PostgresStore, QdrantStore, RedisStore
from causalrec.erasure.folders import BundleStore, CheckpointStore, LineStore, PageStore
from causalrec.erasure.outside import OutsideStore
from causalrec.erasure.store import Store
from causalrec.erasure.tables import TableStore
from causalrec.lake import Lake
from causalrec.scoring.export.plugins import erasable
from causalrec.scoring.export.qdrant import prefix_of

NAMELESS: Mapping[str, str] = MappingProxyType(
    {
        "cache": "hashes of code",
        "made-by-make-cluster": "nothing: it says which command made the folder",
        "tuned.toml": "settings",
        "tuning.db": "settings that were tried, and their metrics",
    }
)
"""Entries of the work folder that cannot hold users or items, and what they hold."""
SEARCHED: Mapping[str, str] = MappingProxyType(
    {
        "landing": "landing zone",
        "lake": "table NAME",
        "bundles": "arrays of datasets",
        "checkpoints": "checkpoints",
        "reports": "pages and reports",
        "lineage": "lineage",
        "exports": "exports in Parquet",
        "mlflow": "files of MLflow runs",
        "airflow": "logs of Airflow",
        "truth": "truth of the demo shop",
    }
)
"""Entries of the work folder that can, and the store of each."""
LANDING = "it belongs to the shop; what it delivers about the subject is left out from now on"
PLUGIN = "the plug-in cannot erase, or is not installed here; erase the subject where it exports to"
LINEAGE = "events that were sent or lie elsewhere are kept by their receiver"
LOGS = "no log lies in this work folder; logs of an Airflow elsewhere stay for its own retention"
DATABASE = "airflow db clean takes old rows out"


def stores(settings: Settings, lake: Lake, passwords: Mapping[str, str]) -> tuple[Store, ...]:
    """Every place that can hold a user, an item or a brand.

    Args:
        passwords: of the stores that the shop exports to, by target.
    """
    bundles = _bundles(settings)
    work = settings.paths.work.absolute()
    return (
        ModelStore(settings),
        *(TableStore(lake.table(name)) for name in table_names()),
        CheckpointStore(settings.checkpoint_store, bundles),
        bundles,
        CheckedOut("pages and reports", settings.report_store, PageStore),
        *_exports(settings, passwords),
        LooseModelStore(settings),
        ArtifactStore(settings),
        FactStore(settings),
        _lineage(settings),
        LineStore("logs of Airflow", work / "airflow" / "logs", LOGS),
        SqliteStore("database of Airflow", work / "airflow" / "airflow.db", DATABASE),
        OutsideStore("landing zone", LANDING),
        *(
            [OutsideStore("truth of the demo shop", "made-up people")]
            if settings.source.kind == "demo"
            else []
        ),
    )


def _exports(settings: Settings, passwords: Mapping[str, str]) -> list[Store]:
    """One per configured target, plug-ins included."""
    chosen, found = settings.export, list[Store]()
    if chosen.parquet:
        found.append(ParquetStore(settings.location(chosen.parquet)))
    if chosen.postgres.url:
        found.append(PostgresStore(chosen.postgres, passwords.get("postgres")))
    if chosen.redis.url:
        prefix = chosen.redis.prefix or f"causalrec:{settings.shop}"
        found.append(RedisStore(chosen.redis, prefix, passwords.get("redis")))
    if chosen.qdrant.url:
        prefix = prefix_of(chosen.qdrant, settings.shop)
        found.append(QdrantStore(chosen.qdrant, prefix, passwords.get("qdrant")))
    return [*found, *(_plugin(settings, name) for name in chosen.plugins)]


def _plugin(settings: Settings, name: str) -> Store:
    target, label = erasable(name), f"exports by {name}"
    return OutsideStore(label, PLUGIN) if target is None else PluginStore(target, settings, label)


def _bundles(settings: Settings) -> BundleStore:
    store = settings.bundle_store
    return BundleStore(store, None if store.local else settings.bundle_root)


def _lineage(settings: Settings) -> Store:
    if settings.lineage.transport == "http":
        return OutsideStore("lineage", LINEAGE)
    if "://" in settings.lineage_file:
        return CheckedOut("lineage", settings.lineage_folder, lambda folder: LineStore("lineage", folder))
    return LineStore("lineage", Path(settings.lineage_file))
