"""The sections of the settings tree. Every number that a user may want to change lives here."""

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")

Refuter = Literal[
    "placebo_content",
    "shuffled_modality",
    "random_common_cause",
    "random_columns",
    "shuffled_evidence",
    "shuffled_codes",
    "shuffled_policy",
]


class Section(BaseModel):
    """A frozen part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def written_out(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A path with ``~`` replaced by the home folder.

    Raises:
        ValueError: it holds a variable such as $HOME, or a ``~`` of an unknown user.
    """
    text = str(given)
    if "://" in text or not isinstance(given, str | Path):
        return given
    if "$" in text:
        raise ValueError(f"{text!r}: variables are not replaced here; write the path out, or begin it with ~")
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else given
    except RuntimeError as error:
        raise ValueError(f"{text!r}: no such home folder") from error


def a_folder(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A path of the file system.

    Raises:
        ValueError: it is the address of an object store, which would be created as a local folder of that
            name.
    """
    if "://" in str(given):
        raise ValueError(
            f"{given}: only a folder works here; name one that every machine reaches, as by a mount"
        )
    return given


class PathSettings(Section):
    """Where things lie. Relative paths are resolved against the work folder at load time.

    ``~`` stands for the home folder; other variables are not replaced but refused. At the start of an image
    root ``{raw}`` stands for ``source.raw`` and ``{landing}`` for ``landing``.
    """

    work: Path = Field(
        Path(".work/demo"),
        description="folder of everything that is written on this machine; the paths below are "
        "relative to it",
    )
    landing: str = Field(
        "landing", description="landing zone with the deliveries of the shop: a folder or a URI"
    )
    lake: str = Field(
        "lake", description="root of the Delta tables: a folder or a URI such as s3://bucket/lake"
    )
    bundles: str = Field("bundles", description="folder of the arrays that training reads")
    reports: str = Field("reports", description="folder of the pages that people open")
    truth: str = Field(
        "truth", description="folder of what the demo shop knows about its own causes; no stage reads it"
    )
    image_roots: tuple[str, ...] = Field(
        ("{landing}/images",),
        description="folders and URIs that picture references may point into; {landing} stands for the "
        "landing zone, {raw} for source.raw",
    )

    @field_validator("work", "bundles", "reports", "truth", mode="before")
    @classmethod
    def _a_folder(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        return a_folder(given)

    @field_validator("work", "landing", "lake", "bundles", "reports", "truth", "image_roots", mode="before")
    @classmethod
    def _written_out(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if isinstance(given, list | tuple):
            return tuple(map(written_out, given))
        return written_out(given)

    @model_validator(mode="after")
    def _lake_without_escapes(self) -> Self:
        """Delta-rs decodes ``%20`` in a path, so it would write into one folder and read from another."""
        lake = self.lake if "://" in self.lake else str((self.work / self.lake).absolute())
        if "://" not in lake and (escape := _ESCAPE.search(lake)):
            raise ValueError(f"{lake}: tables cannot lie in a folder with {escape[0]!r} in its name")
        return self


class FetchSettings(Section):
    """How pictures are fetched from http(s) addresses and object stores."""

    seconds: float = Field(
        30.0, gt=0, description="seconds for one picture in total: every attempt, pause, redirect and byte"
    )
    connect_seconds: float = Field(5.0, gt=0, description="seconds until a connection is open")
    idle_seconds: float = Field(10.0, gt=0, description="seconds between two pieces of an answer")
    tries: int = Field(
        3,
        ge=1,
        description="attempts per picture while the answer is a passing problem (429, 5xx, a broken "
        "connection)",
    )
    pause_seconds: float = Field(
        0.5,
        ge=0,
        description="seconds before the second attempt, doubled for each further one; Retry-After "
        "can ask for more",
    )
    per_host: int = Field(4, ge=1, description="simultaneous connections of one worker process to one host")


class SparkSettings(Section):
    """The Spark session. Empty settings are left to ``spark-submit`` or the cluster's own defaults."""

    master: str = Field(
        "",
        description="Spark master: local[N], or the address of a cluster; empty: what spark-submit says, "
        "local[2] without it",
    )
    driver_memory: str = Field(
        "",
        description="memory of the driver, as Spark writes it; empty: 2g on a local master, what the cluster "
        "says on others",
    )
    java_options: str = Field(
        "", description="options of the driver's JVM; short jobs gain from a light compiler"
    )
    shuffle_partitions: int | None = Field(
        None,
        ge=1,
        description="partitions after a shuffle; none: 4 on a local master, what the cluster says on others",
    )
    conf: dict[str, str] = Field(default_factory=dict, description="further Spark properties")


class DemoSettings(Section):
    """The causal knobs of the generated shop and the share of faults in it."""

    taste: float = Field(2.6, ge=0, description="weight of personal taste in the log-odds of interest")
    confounding: float = Field(0.9, ge=0, description="weight of the demand for an item's hidden cause")
    shared_merit: int = Field(2, ge=0, le=4, description="dimensions of taste that all users share")
    demand_curve: float = Field(0.0, description="weight of the square of demand: 0 is a linear demand")
    demand_drift: float = Field(
        0.0, ge=0, description="standard deviation of what demand drifts by in 30 days, in units of demand"
    )
    campaigns: float = Field(
        0.0, ge=0, description="log-odds that a campaign, which nobody logs, adds to showing and to buying"
    )
    conversion: float = Field(
        0.0,
        ge=0,
        description="standard deviation of what an item adds to the log-odds of buying after a click",
    )
    companions: float = Field(
        0.0,
        ge=0,
        le=1,
        description="chance that what goes with an item of the basket is taken too, once it is looked at; "
        "0: nothing goes with anything",
    )
    campaign_share: float = Field(0.2, ge=0, le=1, description="share of the time that a brand campaigns")
    random_share: float = Field(0.08, ge=0, le=1, description="share of places filled uniformly at random")
    position_decay: float = Field(
        0.15, ge=0, description="the k-th place of a list is looked at with chance k^-decay"
    )
    new_item_share: float = Field(
        0.12, gt=0, lt=0.5, description="share of the catalogue that is added over time"
    )
    picture_side: int = Field(224, ge=32, description="side of a generated picture, in pixels")
    late_share: float = Field(0.02, ge=0, lt=1, description="share of events that are delivered a day late")
    duplicate_share: float = Field(
        0.002, ge=0, lt=1, description="share of events that occur twice in one delivery"
    )
    block_users: int = Field(20_000, ge=1, description="users of one generation task")


class LakeSettings(Section):
    """Where and how tables are stored. Sizes are MiB of Arrow data before compression.

    ``endpoint`` (``http(s)://host:port``) and ``region`` are those of an S3 store under ``paths.lake``; its
    credentials come from the environment of each process or the role of its machine, never from here.
    """

    endpoint: str = Field(
        "",
        pattern=r"^(https?://[^/]+)?$",
        description="address of an S3 store that is not AWS, as http(s)://host:port; empty: AWS",
    )
    region: str = Field("", description="region of the S3 bucket; empty: as the environment says")
    file_mb: int = Field(512, ge=1, description="size of a data file in MiB, before compression")
    row_group_mb: int = Field(64, ge=1, description="size of a row group in MiB, before compression")
    max_files_per_partition: int = Field(
        8, ge=1, description="number of files in a partition from which maintenance merges them"
    )
    min_rows_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="share of the usual rows below which a write is refused; 0 accepts any number",
    )
    history_min_rows: int = Field(100, ge=1, description="usual rows below which sizes are not compared")
    vacuum_hours: int = Field(168, ge=0, description="files that left a table stay at least this long")
    log_days: float = Field(30.0, ge=0, description="versions stay readable at least this long")
    keep_model_versions: int = Field(
        3, ge=0, description="newest models whose pinned versions are kept, besides those with an alias"
    )


class SourceSettings(Section):
    """What fills the landing zone: the shop itself (native), the demo generator or the H&M adapter."""

    kind: str = Field(
        "demo",
        description="who fills the landing zone: native (the shop), demo (a generated shop), hm "
        "(the H&M files) or the name of a plug-in",
    )
    raw: str | None = Field(None, description="folder or URI of the raw files that an adapter converts")
    seed: int = Field(7, description="seed of the generated shop")
    users: int = Field(400, ge=20, description="users of the generated shop")
    items: int = Field(240, ge=20, description="items of the generated shop")
    days: int = Field(38, ge=3, description="days of the generated shop")
    first_day: dt.date = Field(dt.date(2026, 1, 29), description="first day of the generated shop")
    demo: DemoSettings = DemoSettings()


class IngestSettings(Section):
    """Limits of the row gate and of the batch gate; ``lateness_days`` 0 accepts events of any age.

    ``compare_history`` off lets a delivery pass whose size or mix of values is new on purpose.
    The first delivery is history: it may hold events of any age, and later ones are not compared with it.
    """

    future_tolerance_minutes: int = Field(
        5, ge=0, description="minutes by which an event may lie after its arrival"
    )
    lateness_days: int = Field(
        30, ge=0, description="age in days up to which events are accepted; 0: any age"
    )
    history_until: dt.date | None = Field(
        None, description="deliveries up to this date are history; empty: the first one is"
    )
    max_rejected_share: float = Field(
        0.2, gt=0, le=1, description="rows of a delivery that may be lost; repetitions of a row are no loss"
    )
    loud_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="share of lost rows or unreadable fields above which notes and pages show it in red",
    )
    max_unreadable_share: float = Field(
        0.2, gt=0, le=1, description="share of the values of an optional column that may be unreadable"
    )
    max_unknown_items_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of the events that may be about items that no catalogue delivery has",
    )
    min_rows_share: float = Field(
        0.05, ge=0, le=1, description="share of the usual rows below which a delivery is refused"
    )
    volume_min_median: int = Field(100, ge=0, description="smaller shops vary too much to judge")
    compare_history: bool = Field(
        True, description="compare a delivery with earlier ones; off where its size or mix is new on purpose"
    )
    max_title_chars: int = Field(500, description="longest product title, in characters")
    max_price: float = Field(1e7, description="highest price")
    max_id_chars: int = Field(256, ge=1, description="longest id, in characters")
    max_text_chars: int = Field(
        1_000_000, ge=1, description="longest value of any other text column, in characters"
    )
    max_image_refs: int = Field(100, ge=0, description="most pictures of one item")
    max_row_bytes: int = Field(4_000_000, ge=1_000, description="largest row of a delivery, in bytes")


class ImageSettings(Section):
    """Image encoder (open_clip) and the limits that are checked before a picture is decoded."""

    model: str = Field(
        "lite",
        description="lite (weights from an installed package), an open_clip architecture, "
        "hf-hub:ORG/NAME, local-dir:FOLDER or plugin:NAME",
    )
    pretrained: str | None = Field(
        None, description="open_clip tag or local checkpoint file; only for an architecture name"
    )
    batch_size: int = Field(4, ge=1, description="pictures that pass the model at a time on a CPU")
    gpu_batch_size: int = Field(128, ge=1, description="pictures that pass the model at a time on a GPU")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="cuda, cpu, or auto: the GPU where a task has one; not part of the encoder id"
    )
    backend: Literal["torch", "onnxruntime"] = Field(
        "torch", description="torch, or onnxruntime (on the CPU, an extra); part of the encoder id"
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        "fp32", description="bf16 on CPUs and GPUs that have it, fp16 only on a GPU; part of the encoder id"
    )
    max_bytes: int = Field(
        20_000_000,
        ge=1,
        description="largest file, in bytes; checked before a picture is decoded, as the three below",
    )
    max_pixels: int = Field(40_000_000, ge=1, description="most pixels of a picture")
    min_side: int = Field(8, ge=1, description="shortest side, in pixels")
    max_side: int = Field(12_000, ge=1, description="longest side, in pixels")
    formats: tuple[str, ...] = Field(
        ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO", "AVIF", "HEIF"),
        description="formats that are opened, by Pillow's names",
    )
    max_failure_share: float = Field(
        0.5, gt=0, le=1, description="share of failed pictures from which the job fails"
    )
    retry_days: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 2, 4),
        description="days after the first, second, ... attempt on which an unreachable picture is "
        "tried again",
    )
    threads: int = Field(1, ge=1, description="threads of the model on one Spark worker")


class TextSettings(Section):
    """Text encoder (transformers)."""

    model: str = Field(
        "lite",
        description="lite (weights from an installed package), a hub id, a local folder, "
        "local-dir:FOLDER for the text half of an open_clip model, or plugin:NAME",
    )
    pooling: Literal["mean", "cls"] = Field(
        "mean", description="mean over the tokens, or the first (cls) token"
    )
    max_tokens: int = Field(128, ge=8, description="tokens after which texts are truncated")
    batch_tokens: int = Field(
        512, ge=1, description="tokens, padding included, that pass the model at a time on a CPU"
    )
    gpu_batch_tokens: int = Field(
        32_768, ge=1, description="tokens, padding included, that pass the model at a time on a GPU"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="cuda, cpu, or auto: the GPU where a task has one; not part of the encoder id"
    )
    backend: Literal["torch", "onnxruntime"] = Field(
        "torch", description="torch, or onnxruntime (on the CPU, an extra); part of the encoder id"
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        "fp32", description="bf16 on CPUs and GPUs that have it, fp16 only on a GPU; part of the encoder id"
    )
    threads: int = Field(1, ge=1, description="threads of the model on one Spark worker")


class FeatureSettings(Section):
    """Both encoders."""

    task_gpus: float = Field(
        0.0,
        ge=0,
        description="GPUs that each embedding task asks Spark for (0.5: two tasks share one); 0: none",
    )
    image: ImageSettings = ImageSettings()
    text: TextSettings = TextSettings()


class DatasetSettings(Section):
    """Interactions and splits, and how several pictures of an item become one vector.

    ``uniform_policies`` name the policies that show items uniformly at random. Pairs that they showed
    are kept out of training, so that metrics on random exposure are honest.

    ``image_pooling`` of an item's first ``max_pictures`` usable pictures: the ``primary`` one alone, their
    ``mean``, or ``weighted``: the primary one has ``primary_share`` and the gallery shares the rest.
    """

    known: Literal["then", "today"] = Field(
        "then",
        description="then: what had arrived by the end of the run date; today: also what arrived later",
    )
    session_gap_minutes: int = Field(
        30,
        ge=0,
        description="without session ids, events closer than this many minutes belong to one session",
    )
    max_daily_actions: int = Field(
        2_000,
        ge=0,
        description="views, carts and purchases of a day from which a user is a robot that day; 0: off",
    )
    max_minute_actions: int = Field(120, ge=0, description="the same for one minute; 0: off")

    history_days: int = Field(
        0, ge=0, description="days before the run date whose events count; 0: events of any age"
    )
    event_weights: dict[str, float] = Field(
        default_factory=lambda: {"cart": 1.0, "purchase": 1.0},
        description="event types that make an interaction, and their weights",
    )
    split: Literal["random", "temporal"] = Field(
        "random", description="random, or temporal: the newest interactions of a user are held out"
    )
    valid_share: float = Field(0.1, gt=0, lt=0.5, description="share of interactions held out for validation")
    test_share: float = Field(0.1, gt=0, lt=0.5, description="share of interactions held out for the test")
    uniform_policies: tuple[str, ...] = Field(
        ("uniform", "random"), description="policies that show items uniformly at random"
    )
    image_pooling: Literal["primary", "mean", "weighted"] = Field(
        "mean", description="one vector per item: of the primary picture, the mean of all, or weighted"
    )
    primary_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="weight of the primary picture where pooling is weighted; the others share the rest",
    )
    max_pictures: int = Field(8, ge=1, description="usable pictures of an item that count")
    position_bands: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 2, 3, 4, 6, 8, 12, 20, 40, 100),
        description="last position of each band in which looks are counted; deeper ones share one more",
    )
    surge: float = Field(
        1.25, gt=1, description="a brand shown this many times as often as usual has a surge that day"
    )
    surge_prior: float = Field(
        5.0,
        ge=0,
        description="impressions added to both sides of that comparison, so that rare ones do not surge",
    )
    seed: int = Field(7, description="seed of the random split")


class GateSettings(Section):
    """What a challenger must show before it becomes champion."""

    metric: str = Field(
        "ndcg@20", description="metric that is compared with the champion by a paired bootstrap over users"
    )
    debiased_metric: str = Field(
        "random_ndcg@5", description="metric on random exposure that is compared with the champion"
    )
    max_relative_loss: float = Field(
        0.02, ge=0, description="largest relative loss of either metric against the champion"
    )
    min_debiased_users: int = Field(
        20, ge=0, description="users with an answer on random exposure below which the gate warns"
    )
    min_coverage: float = Field(0.01, ge=0, le=1, description="share of the catalogue that lists must reach")
    max_popularity_lift: float = Field(
        1.0, description="largest lift of popularity in lists over histories, in units of log popularity"
    )
    refuters: tuple[Refuter, ...] = Field(
        ("placebo_content",),
        description="changed data on which the model is fitted again before it is registered; each "
        "costs a training",
    )
    max_refuter_change: float = Field(
        0.1, ge=0, description="relative change of the validation metric that counts as none"
    )
    min_overlap: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of rows in common with the champion's lists below which the gate warns",
    )
    max_latency_ms: float = Field(100.0, gt=0, description="longest time for one list, in milliseconds")
    auto_approve: Literal["never", "first", "always"] = Field(
        "never",
        description="never: a person decides; first: the gate decides while there is no champion; "
        "always: the gate decides",
    )


class ScoringSettings(Section):
    """The nightly table.

    Categories are compared case-insensitively, and a category includes all of its subcategories.
    """

    k: int = Field(20, ge=1, description="rows of a list")
    user_block: int = Field(1_024, ge=1, description="users that are scored at a time")
    partitions: int = Field(4, ge=1, description="Spark partitions of the users")
    exclude_seen: bool = Field(True, description="leave out what a user already has")
    blocked_items: tuple[str, ...] = Field((), description="item ids that never appear in a list")
    blocked_brands: tuple[str, ...] = Field((), description="brands that never appear in a list")
    blocked_categories: tuple[str, ...] = Field(
        (), description="categories that never appear in a list, with everything below them"
    )
    only_available: bool = Field(True, description="leave out items that are not available")
    max_age_days: int | None = Field(
        None,
        ge=1,
        description="days since the first delivery after which an item is no longer listed; none: any age",
    )
    max_silence_days: int | None = Field(
        None,
        ge=1,
        description="days since the last delivery after which an item is no longer listed; none: any time",
    )
    rebuyable_categories: tuple[str, ...] = Field(
        (), description="categories whose items are recommended again to users who bought them"
    )
    max_per_category: int | None = Field(
        None, ge=1, description="rows of one category in a list; none: any number"
    )
    category_levels: int = Field(
        0, ge=0, description="levels of a category that count for this; 0: as delivered"
    )
    max_per_brand: int | None = Field(None, ge=1, description="rows of one brand in a list; none: any number")
    diversity: float = Field(
        0,
        ge=0,
        le=1,
        description="0 ranks by score; the closer to 1, the more distance from the items above counts (MMR)",
    )
    pool: int = Field(5, ge=1, description="candidates among which diversity chooses, in multiples of k")
    explore_share: float = Field(
        0,
        ge=0,
        le=0.5,
        description="share of places, rounded up, that are drawn uniformly, with their propensity recorded",
    )
    new_item_share: float = Field(
        0.05,
        ge=0,
        le=0.5,
        description="share of places, rounded up, for items that are new or unknown to the model",
    )
    new_item_days: int = Field(
        14, ge=1, description="days since the first delivery during which an item counts as new"
    )
    new_item_uniform: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of these places for any new item; the rest goes to the best ones of the user",
    )
    ann_from_items: int = Field(
        0, ge=0, description="size of the catalogue from which an approximate index is used; 0: never"
    )
    min_overlap: float = Field(
        0.02,
        ge=0,
        le=1,
        description="share of rows in common with the night before below which nothing is published",
    )
    max_overlap: float = Field(
        1,
        ge=0,
        le=1,
        description="share of rows in common with the night before above which nothing is published",
    )
    overlap_users: int = Field(50, ge=1, description="common users from which these shares are checked")
    adjusted_places: int = Field(
        5,
        ge=0,
        description="places by which an item must stand higher or lower than in the raw model's list "
        "before its reason says so; 0: lists are not compared, which saves a second search",
    )
    similar_items: int = Field(20, ge=1, description="similar items listed per item")
    popular_items: int = Field(50, ge=1, description="popular items listed per category")


class RegistrySettings(Section):
    """MLflow. Empty URIs mean SQLite and a folder inside the work folder."""

    tracking_uri: str = Field("", description="address of MLflow; empty: SQLite in the work folder")
    retries: int = Field(3, ge=0, le=10, description="repetitions of a request to MLflow")
    artifact_root: str = Field("", description="where MLflow keeps artifacts; empty: in the work folder")
    model_name: str = Field("causalrec", description="name of the registered model, and of its experiment")
    page_url: str = Field("", description="address of MLflow's pages, for links; empty: none")


class ReportSettings(Section):
    """The pages of a night and of a review."""

    users: int = Field(6, ge=0, description="users shown on the nightly page and on the review page")
