"""The frozen tree of settings, read once at the entry point and passed down from there."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from causalrec.config.align import AlignSettings
from causalrec.config.bench import BenchSettings
from causalrec.config.dataset import DatasetSettings
from causalrec.config.experiment import ExperimentSettings
from causalrec.config.export import ExportSettings
from causalrec.config.feature_page import FeaturePageSettings
from causalrec.config.features import FeatureSettings
from causalrec.config.fetch import FetchSettings
from causalrec.config.gate import GateSettings
from causalrec.config.ingest import IngestSettings
from causalrec.config.lake import LakeSettings
from causalrec.config.landing import LandingSettings
from causalrec.config.lineage import LineageSettings
from causalrec.config.lists import ListSettings
from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.config.monitor import MonitorSettings
from causalrec.config.paths import PathSettings
from causalrec.config.reasons import ReasonSettings
from causalrec.config.registry import RegistrySettings
from causalrec.config.report import ReportSettings
from causalrec.config.scoring import ScoringSettings
from causalrec.config.section import Section
from causalrec.config.source import SourceSettings
from causalrec.config.spark import SparkSettings
from causalrec.config.tuning import TuningSettings
from causalrec.errors import SettingsError
from causalrec.store import Location


class Settings(Section):
    """Everything that can be configured. Build it with :func:`causalrec.config.load_settings`."""

    shop: str = Field("demo", description="name of the shop, in keys and titles")
    paths: PathSettings = PathSettings()
    spark: SparkSettings = SparkSettings()
    lake: LakeSettings = LakeSettings()
    source: SourceSettings = SourceSettings()
    landing: LandingSettings = LandingSettings()
    ingest: IngestSettings = IngestSettings()
    lineage: LineageSettings = LineageSettings()
    fetch: FetchSettings = FetchSettings()
    features: FeatureSettings = FeatureSettings()
    dataset: DatasetSettings = DatasetSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    tuning: TuningSettings = TuningSettings()
    bench: BenchSettings = BenchSettings()
    gate: GateSettings = GateSettings()
    scoring: ScoringSettings = ScoringSettings()
    reasons: ReasonSettings = ReasonSettings()
    lists: ListSettings = ListSettings()
    experiment: ExperimentSettings = ExperimentSettings()
    export: ExportSettings = ExportSettings()
    registry: RegistrySettings = RegistrySettings()
    report: ReportSettings = ReportSettings()
    feature_page: FeaturePageSettings = FeaturePageSettings()
    monitor: MonitorSettings = MonitorSettings()
    align: AlignSettings = AlignSettings()

    @model_validator(mode="after")
    def _a_registry_that_all_reach(self) -> Self:
        if "://" in self.paths.root and not self.registry.tracking_uri:
            raise SettingsError(
                f"MLflow's SQLite cannot lie in {self.paths.root}",
                do="start an MLflow server and name it in registry.tracking_uri",
            )
        return self

    def location(self, place: str) -> Location:
        """A folder or URI as settings name it, opened with the endpoint and region of ``lake``."""
        return Location(self.paths.in_store(place), self.lake.endpoint, self.lake.region)

    @property
    def store(self) -> Location:
        """What holds everything that one stage leaves for another."""
        return Location(self.paths.root, self.lake.endpoint, self.lake.region)

    @property
    def landing_root(self) -> str:
        """Root of the landing zone: an absolute path or a URI."""
        return self.paths.in_store(self.paths.landing)

    @property
    def lake_root(self) -> str:
        """Root of the Delta tables: an absolute path or a URI."""
        return self.paths.in_store(self.paths.lake)

    @property
    def bundle_store(self) -> Location:
        """The dataset arrays that training reads."""
        return self.location(self.paths.bundles)

    @property
    def bundle_root(self) -> Path:
        """Folder of the arrays on this machine: the store, or the cache of one that is no folder."""
        store = self.bundle_store
        return Path(store.uri) if store.local else self.cache / "bundles"

    @property
    def cache(self) -> Path:
        """Folder of this machine that can be deleted at any time."""
        return self.paths.work.absolute() / "cache"

    @property
    def checkpoint_store(self) -> Location:
        """States of trainings that were stopped."""
        return self.location("checkpoints")

    @property
    def export_root(self) -> str:
        """Root of the Parquet copies that a shop reads: an absolute path or a URI."""
        return self.paths.in_store(self.export.parquet)

    @property
    def report_store(self) -> Location:
        """The pages that people open."""
        return self.location(self.paths.reports)

    @property
    def lineage_file(self) -> str:
        """File of the OpenLineage events: an absolute path or a URI."""
        return self.paths.in_store(self.lineage.file)

    @property
    def lineage_folder(self) -> Location:
        """Folder of the events in a store that cannot append: their file's path without its ending."""
        return self.location(self.lineage.file.removesuffix(".jsonl"))

    @property
    def image_roots(self) -> tuple[str, ...]:
        """Roots that an image reference may resolve into; anything else is refused."""
        return tuple(self._image_root(root) for root in self.paths.image_roots)

    @property
    def truth_root(self) -> Path:
        """Local folder of the demo shop's causal truth; the pipeline never reads it."""
        return (self.paths.work / self.paths.truth).absolute()

    @property
    def raw_root(self) -> str:
        """Folder or URI that an adapter converts from.

        Raises:
            SettingsError: ``source.raw`` is not set.
        """
        raw = self.source.raw
        if not raw:
            raise SettingsError(
                "setting source.raw is empty",
                do="name the folder of the raw files: CAUSALREC__SOURCE__RAW=FOLDER",
            )
        return raw.rstrip("/") if "://" in raw else str(Path(raw).resolve())

    def _image_root(self, location: str) -> str:
        if location.startswith("{raw}"):
            return self.raw_root + location.removeprefix("{raw}")
        if location.startswith("{landing}"):
            return self.landing_root + location.removeprefix("{landing}")
        return self.paths.in_store(location)

    @property
    def tracking_uri(self) -> str:
        """MLflow tracking URI."""
        if self.registry.tracking_uri:
            return self.registry.tracking_uri
        return f"sqlite:///{self.paths.in_store('mlflow/mlflow.db')}"

    @property
    def artifact_root(self) -> str:
        """Where MLflow keeps artifacts."""
        return self.registry.artifact_root or self.paths.in_store("mlflow/artifacts")
