"""The frozen tree of settings, read once at the entry point and passed down from there."""

from pathlib import Path

from pydantic import Field

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

    def _under_work(self, location: str) -> str:
        if "://" in location:
            return location
        return str((self.paths.work / Path(location)).absolute())

    @property
    def landing_root(self) -> str:
        """Root of the landing zone: an absolute path or a URI."""
        return self._under_work(self.paths.landing)

    @property
    def lake_root(self) -> str:
        """Root of the Delta tables: an absolute path or a URI."""
        return self._under_work(self.paths.lake)

    @property
    def bundle_root(self) -> Path:
        """Local folder of the dataset arrays that training reads."""
        return Path(self._under_work(self.paths.bundles))

    @property
    def export_root(self) -> str:
        """Root of the Parquet copies that a shop reads: an absolute path or a URI."""
        return self._under_work(self.export.parquet)

    @property
    def report_root(self) -> Path:
        """Local folder of the pages that people open."""
        return Path(self._under_work(self.paths.reports))

    @property
    def lineage_file(self) -> str:
        """File of the OpenLineage events: an absolute path or a URI."""
        return self._under_work(self.lineage.file)

    @property
    def image_roots(self) -> tuple[str, ...]:
        """Roots that an image reference may resolve into; anything else is refused."""
        return tuple(self._image_root(root) for root in self.paths.image_roots)

    @property
    def truth_root(self) -> Path:
        """Local folder of the demo shop's causal truth; the pipeline never reads it."""
        return Path(self._under_work(self.paths.truth))

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
        return self._under_work(location)

    @property
    def tracking_uri(self) -> str:
        """MLflow tracking URI."""
        if self.registry.tracking_uri:
            return self.registry.tracking_uri
        return f"sqlite:///{(self.paths.work / 'mlflow' / 'mlflow.db').absolute()}"

    @property
    def artifact_root(self) -> str:
        """Where MLflow keeps artifacts."""
        return self.registry.artifact_root or self._under_work("mlflow/artifacts")
