"""The sections of the settings tree. Every number that a user may want to change lives here."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A frozen part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PathSettings(Section):
    """Where things lie. Relative paths are resolved against the work folder at load time."""

    work: Path = Path(".work/demo")
    landing: str = "landing"
    lake: str = "lake"
    bundles: str = "bundles"
    reports: str = "reports"
    image_roots: tuple[str, ...] = ("landing/images",)


class SparkSettings(Section):
    """The Spark session; on a cluster only ``master`` and ``conf`` change."""

    master: str = "local[2]"
    driver_memory: str = "2g"
    shuffle_partitions: int = Field(4, ge=1)
    conf: dict[str, str] = Field(default_factory=dict)


class SourceSettings(Section):
    """Who fills the landing zone: nobody (native), the demo generator or the H&M adapter."""

    kind: Literal["native", "demo", "hm"] = "demo"
    raw: str | None = None
    seed: int = 7
    users: int = Field(400, ge=20)
    items: int = Field(240, ge=20)
    days: int = Field(35, ge=3)
    first_day: str = "2026-01-29"


class IngestSettings(Section):
    """Limits of the row gate and of the batch gate."""

    future_tolerance_minutes: int = Field(5, ge=0)
    lateness_days: int = Field(30, ge=0)
    max_rejected_share: float = Field(0.5, gt=0, le=1)
    min_rows_share: float = Field(0.05, ge=0, le=1)
    volume_window_days: int = Field(7, ge=1)
    max_title_chars: int = 500
    max_description_chars: int = 20_000
    max_price: float = 1e7


class ImageSettings(Section):
    """Image encoder (open_clip) and the caps that are checked before a picture is decoded."""

    model: str = "lite"
    pretrained: str | None = None
    batch_size: int = Field(64, ge=1)
    max_bytes: int = 20_000_000
    max_pixels: int = 40_000_000
    min_side: int = 8
    max_side: int = 12_000
    max_failure_share: float = Field(0.5, gt=0, le=1)


class TextSettings(Section):
    """Text encoder (transformers)."""

    model: str = "lite"
    pooling: Literal["mean", "cls"] = "mean"
    max_tokens: int = Field(128, ge=8)
    batch_size: int = Field(64, ge=1)


class FeatureSettings(Section):
    """Both encoders."""

    image: ImageSettings = ImageSettings()
    text: TextSettings = TextSettings()


class DatasetSettings(Section):
    """Interactions and splits."""

    history_days: int = Field(1_000, ge=1)
    event_weights: dict[str, float] = Field(default_factory=lambda: {"cart": 1.0, "purchase": 1.0})
    split: Literal["random", "temporal"] = "random"
    valid_share: float = Field(0.1, gt=0, lt=0.5)
    test_share: float = Field(0.1, gt=0, lt=0.5)
    min_train_per_user: int = Field(1, ge=1)
    seed: int = 7


class ModelSettings(Section):
    """Architecture of the causal recommender; the switches are its ablations."""

    name: Literal["causal", "lightgcn", "ease", "popularity"] = "causal"
    dim: int = Field(64, ge=4)


class TrainingSettings(Section):
    """Optimisation. ``device`` auto takes a GPU where there is one."""

    seed: int = 7
    device: Literal["auto", "cpu", "cuda"] = "auto"
    epochs: int = Field(200, ge=1)


class GateSettings(Section):
    """What a challenger must show before it becomes champion."""

    metric: str = "ndcg@20"
    max_relative_loss: float = Field(0.02, ge=0)
    min_coverage: float = Field(0.01, ge=0, le=1)
    auto_approve: bool = True


class ScoringSettings(Section):
    """The nightly table."""

    k: int = Field(20, ge=1)
    user_block: int = Field(2_048, ge=1)
    exclude_seen: bool = True


class RegistrySettings(Section):
    """MLflow. Empty URIs mean SQLite and a folder inside the work folder."""

    tracking_uri: str = ""
    artifact_root: str = ""
    model_name: str = "causalrec"
    experiment: str = "causalrec"
