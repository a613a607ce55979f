"""The sections of the settings tree. Every number that a user may want to change lives here."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Refuter = Literal["placebo_content", "shuffled_modality", "random_common_cause", "random_columns"]


class Section(BaseModel):
    """A frozen part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def written_out(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A path with ``~`` replaced by the home folder.

    Raises:
        ValueError: it holds a variable such as $HOME, or a ``~`` of somebody who is not known.
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


class PathSettings(Section):
    """Where things lie. Relative paths are resolved against the work folder at load time.

    ``~`` stands for the home folder; other variables are not replaced but refused. At the start of an image
    root ``{raw}`` stands for ``source.raw`` and ``{landing}`` for ``landing``.
    """

    work: Path = Path(".work/demo")
    landing: str = "landing"
    lake: str = "lake"
    bundles: str = "bundles"
    reports: str = "reports"
    truth: str = "truth"
    image_roots: tuple[str, ...] = ("{landing}/images",)

    @field_validator("work", "landing", "lake", "bundles", "reports", "truth", "image_roots", mode="before")
    @classmethod
    def _written_out(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if isinstance(given, list | tuple):
            return tuple(map(written_out, given))
        return written_out(given)


class FetchSettings(Section):
    """How pictures are fetched that lie behind http(s) or in an object store.

    Attributes:
        seconds: for one picture in all: every try, pause, redirect and byte of it.
        connect_seconds, idle_seconds: for a connection, and between two pieces of an answer.
        tries: how often a picture is asked for when the answer is a passing trouble (429, 5xx, a cut line).
        pause_seconds: before the second try, doubled with each further one; ``Retry-After`` can ask for more.
        per_host: connections to one host at a time, of one worker process: a host sees at most ``per_host``
            times the cores of the cluster, so lower it where that is too many.
        redirects: followed at most, each inside the allowed roots.
    """

    seconds: float = Field(30.0, gt=0)
    connect_seconds: float = Field(5.0, gt=0)
    idle_seconds: float = Field(10.0, gt=0)
    tries: int = Field(3, ge=1)
    pause_seconds: float = Field(0.5, ge=0)
    per_host: int = Field(4, ge=1)
    redirects: int = Field(3, ge=0)


class SparkSettings(Section):
    """The Spark session; on a cluster only ``master`` and ``conf`` change."""

    master: str = "local[2]"
    driver_memory: str = "2g"
    java_options: str = Field("", description="for the driver's JVM; short jobs gain from a light compiler")
    shuffle_partitions: int = Field(4, ge=1)
    conf: dict[str, str] = Field(default_factory=dict)


class DemoSettings(Section):
    """The causal knobs of the generated shop and the share of what goes wrong in it."""

    # demand: logit = base + taste <theta, a>/sqrt(8) + confounding * demand(C) (1 + brand_sensitivity * b_u)
    base: float = -1.8
    taste: float = Field(2.6, ge=0)
    confounding: float = Field(0.9, ge=0)
    brand_sensitivity: float = Field(0.3, ge=0)
    shared_merit: int = Field(2, ge=0, le=4)
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
    campaign_share: float = Field(0.2, ge=0, le=1, description="share of the time that a brand campaigns")
    campaign_days: int = Field(3, ge=1, description="length of a campaign")
    # exposure: score = popularity * log pop_i + promotion * promo(C) + personal <theta, a>/sqrt(8)
    exposure_popularity: float = Field(0.6, ge=0)
    exposure_promotion: float = Field(0.6, ge=0)
    exposure_personal: float = Field(0.4, ge=0)
    random_share: float = Field(0.08, ge=0, le=1)
    slate: int = Field(12, ge=1)
    max_propensity: float = Field(0.9, gt=0, le=1)
    position_decay: float = Field(0.15, ge=0)
    # behaviour
    sessions_per_day: float = Field(0.55, gt=0)
    late_joiner_share: float = Field(0.12, ge=0, le=1)
    cart_share: float = Field(0.42, gt=0, le=1)
    purchase_share: float = Field(0.45, gt=0, le=1)
    accident_share: float = Field(0.03, ge=0, le=1)
    accident_cart_share: float = Field(0.3, ge=0, le=1)
    # catalogue
    new_item_share: float = Field(0.12, gt=0, lt=0.5)
    reprice_share: float = Field(0.08, gt=0, lt=1)
    second_picture_share: float = Field(0.1, ge=0, le=1)
    picture_side: int = Field(224, ge=32)
    # what goes wrong
    late_share: float = Field(0.02, ge=0, lt=1)
    redelivered_share: float = Field(0.001, ge=0, lt=1)
    duplicate_share: float = Field(0.002, ge=0, lt=1)
    offset_share: float = Field(0.1, ge=0, le=1)
    broken_rows: int = Field(2, ge=0)
    broken_pictures: int = Field(1, ge=0)
    # size of one generation task, and the number of sessions from which Spark runs the tasks
    block_users: int = Field(20_000, ge=1)
    spark_sessions: int = Field(300_000, ge=1)


class LakeSettings(Section):
    """Where and how tables are stored. Sizes are MiB of Arrow data before compression.

    ``endpoint`` (``http(s)://host:port``) and ``region`` are those of an S3 store under ``paths.lake``; its
    credentials come from the environment of each process or the role of its machine, never from here.
    """

    endpoint: str = Field("", pattern=r"^(https?://[^/]+)?$")
    region: str = ""
    file_mb: int = Field(512, ge=1)
    row_group_mb: int = Field(64, ge=1)
    max_files_per_partition: int = Field(8, ge=1)
    commit_tries: int = Field(100, ge=1)
    attempt_lease_hours: float = Field(24.0, gt=0)
    min_rows_share: float = Field(0.05, ge=0, le=1, description="of the usual rows; 0 lets anything through")
    history_partitions: int = Field(7, ge=1)
    history_min_rows: int = Field(100, ge=1)
    vacuum_hours: int = Field(168, ge=0, description="files that left a table stay at least this long")
    log_days: float = Field(30.0, ge=0, description="versions stay readable at least this long")
    keep_model_versions: int = Field(3, ge=0, description="newest models whose pins hold, beside aliases")


class SourceSettings(Section):
    """Who fills the landing zone: nobody (native), the demo generator or the H&M adapter."""

    kind: Literal["native", "demo", "hm"] = "demo"
    raw: str | None = None
    seed: int = 7
    users: int = Field(400, ge=20)
    items: int = Field(240, ge=20)
    days: int = Field(38, ge=3)
    first_day: dt.date = dt.date(2026, 1, 29)
    demo: DemoSettings = DemoSettings()


class IngestSettings(Section):
    """Limits of the row gate and of the batch gate; ``lateness_days`` 0 accepts events of any age.

    ``compare_history`` off lets a delivery pass whose size or mix of values is new on purpose.
    The first delivery is history: it may hold events of any age, and later ones are not compared with it.
    """

    future_tolerance_minutes: int = Field(5, ge=0)
    lateness_days: int = Field(30, ge=0)
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
        description="rows lost, or fields unread, that a note and the pages tell of",
    )
    max_unreadable_share: float = Field(
        0.2, gt=0, le=1, description="of the values of an optional column that may be unreadable"
    )
    min_judged_values: int = Field(
        20, ge=0, description="fewer unreadable values of a column are too few to refuse a delivery"
    )
    max_unknown_items_share: float = Field(
        0.5, gt=0, le=1, description="of the events that may be about items that no catalogue delivery has"
    )
    min_rows_share: float = Field(0.05, ge=0, le=1)
    volume_window_days: int = Field(7, ge=1)
    volume_min_median: int = Field(100, ge=0, description="smaller shops vary too much to judge")
    compare_history: bool = True
    max_title_chars: int = 500
    max_description_chars: int = 20_000
    max_price: float = 1e7
    max_id_chars: int = Field(256, ge=1)
    max_position: int = Field(1_000_000, ge=1)
    max_text_chars: int = Field(1_000_000, ge=1)
    max_image_refs: int = Field(100, ge=0)
    max_image_ref_chars: int = Field(2_000, ge=1)
    max_row_bytes: int = Field(4_000_000, ge=1_000)
    max_raw_chars: int = Field(10_000, ge=100)


class ImageSettings(Section):
    """Image encoder (open_clip) and the caps that are checked before a picture is decoded.

    Attributes:
        model: ``lite`` (weights from an installed package), an open_clip architecture, ``hf-hub:ORG/NAME`` or
            ``local-dir:FOLDER``.
        pretrained: open_clip tag or local checkpoint file; only for an architecture name.
        max_bytes, max_pixels, min_side, max_side: a picture outside of them is rejected from its header.
        formats: Pillow's names of the formats that are opened at all.
        max_failure_share: the job fails when a larger share of the pictures fails.
        retry_days: a picture that was missing or out of reach is asked for again so many days after its
            first, second, ... try, by the run of that day; none: never. ``retry_window_days``: it is given up
            where no run took it up by then.
        keys_per_task: pictures of one Spark task.
        alternatives: references tried for one content key before it counts as failed.
        read_threads: pictures that one Spark task reads at a time.
        batch_size: pictures that pass the model at a time; a few, so that activations stay in the cache.
            ``gpu_batch_size``: the same where it computes on a GPU.
        read_ahead: threads that read and decode while the model computes; how many work is measured.
        device: ``cuda``, ``cpu``, or ``auto``: the GPU where a task has one, else the CPU. By torch alone;
            no part of the encoder id, for 32 bit gives the same vectors anywhere, up to rounding.
        backend: ``torch``, or ``onnxruntime`` (on the CPU, an extra).
        precision: ``bf16`` for CPUs and GPUs that have it, ``fp16`` with ``device = "cuda"``, by torch alone.
            Each backend and precision has an encoder id of its own, taken from the settings and not from a
            machine: no two of them mix.
        threads: threads of the model on one Spark worker.
    """

    model: str = "lite"
    pretrained: str | None = None
    batch_size: int = Field(4, ge=1)
    gpu_batch_size: int = Field(128, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    read_ahead: int = Field(2, ge=1)
    backend: Literal["torch", "onnxruntime"] = "torch"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    max_bytes: int = Field(20_000_000, ge=1)
    max_pixels: int = Field(40_000_000, ge=1)
    min_side: int = Field(8, ge=1)
    max_side: int = Field(12_000, ge=1)
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO", "AVIF", "HEIF")
    max_scans: int = Field(100, ge=1, description="of a progressive JPEG; each costs a pass over all pixels")
    max_failure_share: float = Field(0.5, gt=0, le=1)
    retry_days: tuple[Annotated[int, Field(ge=1)], ...] = (1, 2, 4)
    retry_window_days: int = Field(30, ge=1)
    keys_per_task: int = Field(512, ge=1)
    alternatives: int = Field(3, ge=1)
    read_threads: int = Field(4, ge=1)
    threads: int = Field(1, ge=1)


class TextSettings(Section):
    """Text encoder (transformers).

    Attributes:
        model: ``lite`` (weights from an installed package), a hub id, a local folder, or ``local-dir:FOLDER``
            for the text half of an open_clip model (its own pooling and token limit hold).
        pooling: ``mean`` over the tokens or the first (``cls``) token.
        max_tokens: longer texts are truncated, and counted.
        keys_per_task: texts of one Spark task; they are sorted by length inside it.
        batch_tokens: tokens, padding included, that pass the model at a time; on a GPU
            ``gpu_batch_tokens``.
        device: ``cuda``, ``cpu``, or ``auto``: the GPU where a task has one, else the CPU. By torch alone;
            no part of the encoder id, for 32 bit gives the same vectors anywhere, up to rounding.
        backend: ``torch``, or ``onnxruntime`` (on the CPU, an extra).
        precision: ``bf16`` for CPUs and GPUs that have it, ``fp16`` with ``device = "cuda"``, by torch alone.
            Each backend and precision has an encoder id of its own, taken from the settings and not from a
            machine: no two of them mix.
        threads: threads of the model on one Spark worker.
    """

    model: str = "lite"
    pooling: Literal["mean", "cls"] = "mean"
    max_tokens: int = Field(128, ge=8)
    batch_tokens: int = Field(512, ge=1)
    gpu_batch_tokens: int = Field(32_768, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    backend: Literal["torch", "onnxruntime"] = "torch"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    keys_per_task: int = Field(2_048, ge=1)
    threads: int = Field(1, ge=1)


class FeatureSettings(Section):
    """Both encoders.

    Attributes:
        driver_rows: up to so many rows, missing keys are looked for without Spark.
        task_gpus: GPUs that Spark is asked for by each embedding task (.5: two tasks share one), on a cluster
            whose executors have some; 0: Spark is not asked.
    """

    driver_rows: int = Field(200_000, ge=0)
    task_gpus: float = Field(0.0, ge=0)
    image: ImageSettings = ImageSettings()
    text: TextSettings = TextSettings()


class DatasetSettings(Section):
    """Interactions and splits, and how several pictures of an item become one vector.

    ``uniform_policies`` name the policies that show items uniformly at random. Pairs that they showed
    are kept out of training (``hold_out_uniform``), so that metrics on random exposure are honest.

    ``image_pooling`` of an item's first ``max_pictures`` usable pictures: the ``primary`` one alone, their
    ``mean``, or ``weighted``: the primary one has ``primary_share`` and the gallery shares the rest.

    Attributes:
        known: ``then`` sees what had arrived by the end of the run date; ``today`` also what arrived later
            of that time, for a backfill that should know better than its night did.
        once_per_session: event types that count once per user, item and session, however often they occur.
        session_gap_minutes: without a session id, repetitions closer than this belong to one session.
        max_daily_actions: a user with more views, carts and purchases on a day is a robot that day; 0: off.
        max_minute_actions: the same for one minute.
    """

    known: Literal["then", "today"] = "then"
    once_per_session: tuple[str, ...] = ("view", "cart")
    session_gap_minutes: int = Field(30, ge=0)
    max_daily_actions: int = Field(2_000, ge=0)
    max_minute_actions: int = Field(120, ge=0)

    history_days: int = Field(1_000, ge=1)
    event_weights: dict[str, float] = Field(default_factory=lambda: {"cart": 1.0, "purchase": 1.0})
    split: Literal["random", "temporal"] = "random"
    valid_share: float = Field(0.1, gt=0, lt=0.5)
    test_share: float = Field(0.1, gt=0, lt=0.5)
    min_train_per_user: int = Field(1, ge=1)
    uniform_policies: tuple[str, ...] = ("uniform", "random")
    hold_out_uniform: bool = True
    image_pooling: Literal["primary", "mean", "weighted"] = "mean"
    primary_share: float = Field(0.5, gt=0, le=1)
    max_pictures: int = Field(8, ge=1)
    passed_per_user: int = Field(100, ge=0, description="most pairs of a user that were shown and skipped")
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
    seed: int = 7


class GateSettings(Section):
    """What a challenger must show before it becomes champion.

    Attributes:
        metric, debiased_metric: compared with the champion by a paired bootstrap over users.
        max_relative_loss: of either metric against the champion.
        min_debiased_users: users with an answer on random exposure below whom the gate warns.
        min_code_perplexity: share of the coarse codes over which items must effectively spread.
        min_code_usage: share of the coarse codes that have items; below it the gate warns.
        refuters: changed data on which the model is fitted anew before it is registered; see
            ``causalrec/training/refuters.py``. Each costs one more training.
        max_refuter_change: relative change of the validation metric that counts as none.
        min_overlap, max_score_psi: lists and scores beside the champion's; beyond them the gate warns.
        auto_approve: ``never`` asks a person, ``first`` only where there is no champion that could be
            replaced, ``always`` trusts the gate.
    """

    metric: str = "ndcg@20"
    debiased_metric: str = "random_ndcg@5"
    cutoffs: tuple[int, ...] = (10, 20)
    max_relative_loss: float = Field(0.02, ge=0)
    min_debiased_users: int = Field(20, ge=0)
    min_coverage: float = Field(0.01, ge=0, le=1)
    max_popularity_lift: float = 1.0
    min_code_perplexity: float = Field(0.1, ge=0, le=1)
    min_code_usage: float = Field(0.5, ge=0, le=1)
    refuters: tuple[Refuter, ...] = ("placebo_content",)
    max_refuter_change: float = Field(0.1, ge=0)
    min_overlap: float = Field(0.1, ge=0, le=1)
    max_score_psi: float = Field(0.25, gt=0)
    max_latency_ms: float = Field(100.0, gt=0)
    max_size_mb: float = Field(4_096.0, gt=0)
    auto_approve: Literal["never", "first", "always"] = "never"


class ScoringSettings(Section):
    """The nightly table.

    Categories are compared without regard to case, and a category stands for all that lies below it.

    Attributes:
        max_age_days, max_silence_days: items first delivered, or last described, longer ago stand in no list;
            a shop that delivers its whole catalogue every day takes items off by leaving them out.
        max_per_category, max_per_brand: rows of one list; categories cut to their first ``category_levels``
            (0: as delivered).
        diversity: 0 ranks by score, towards 1 ever more by distance to the items above (MMR), within the best
            ``pool`` times k.
        explore_share: share of places, rounded up, drawn uniformly from all that a user may get; the rows
            carry policy ``uniform`` and their propensity.
        new_item_share: the same for items that are unknown to the model or were first delivered in the last
            ``new_item_days``; ``new_item_uniform`` is the share of these places that goes to any new item,
            the rest goes to the user's best.
        ann_from_items: catalogues from this size on are searched by an approximate index; 0 never.
        min_overlap, max_overlap: bounds of the share of rows that the newest earlier night had too, checked
            from ``overlap_users`` common users on.
    """

    k: int = Field(20, ge=1)
    user_block: int = Field(1_024, ge=1)
    block_mib: int = Field(64, ge=1)
    partitions: int = Field(4, ge=1)
    exclude_seen: bool = True
    reason_history: int = Field(50, ge=1)
    min_reason_similarity: float = Field(0.2, ge=-1, le=1)
    blocked_items: tuple[str, ...] = Field((), description="item ids that stand in no list")
    blocked_brands: tuple[str, ...] = ()
    blocked_categories: tuple[str, ...] = Field((), description="with all that lies below them")
    only_available: bool = True
    max_age_days: int | None = Field(None, ge=1)
    max_silence_days: int | None = Field(None, ge=1)
    rebuyable_categories: tuple[str, ...] = Field((), description="recommended again to who bought there")
    max_per_category: int | None = Field(None, ge=1)
    category_levels: int = Field(0, ge=0)
    max_per_brand: int | None = Field(None, ge=1)
    diversity: float = Field(0, ge=0, le=1)
    pool: int = Field(5, ge=1)
    explore_share: float = Field(0, ge=0, le=0.5)
    new_item_share: float = Field(0.05, ge=0, le=0.5)
    new_item_days: int = Field(14, ge=1)
    new_item_uniform: float = Field(0.5, gt=0, le=1)
    ann_from_items: int = Field(0, ge=0)
    ann_probes: int = Field(64, ge=1)
    ann_sample: int = Field(500, ge=1, description="users whose lists are compared with exact ones")
    min_overlap: float = Field(0.02, ge=0, le=1)
    max_overlap: float = Field(1, ge=0, le=1)
    overlap_users: int = Field(50, ge=1)
    adjusted_places: int = Field(
        5,
        ge=0,
        description="places by which an item must stand higher or lower than in the raw model's list "
        "before its reason says so; 0: lists are not compared, which saves a second search",
    )
    exposure_share: float = Field(
        0.25, gt=0, lt=0.5, description="share of the items that count as shown often, and as shown rarely"
    )
    response_errors: float = Field(
        2.0,
        gt=0,
        description="standard errors by which the response rate of an item must differ from the shop's "
        "for the item to count as chosen more, or less, than others when seen",
    )
    similar_items: int = Field(20, ge=1, description="similar items listed per item")
    popular_items: int = Field(50, ge=1, description="popular items listed per category")


class RegistrySettings(Section):
    """MLflow. Empty URIs mean SQLite and a folder inside the work folder.

    Attributes:
        retries, timeout_seconds: of one request to a tracking server.
        reproduced_within: largest difference of a metric at which a retrained version counts as the same.
        approver: who is named where the gate decides without a person.
    """

    tracking_uri: str = ""
    retries: int = Field(3, ge=0, le=10)
    timeout_seconds: int = Field(60, ge=1)
    artifact_root: str = ""
    model_name: str = "causalrec"
    experiment: str = "causalrec"
    approver: str = "nightly"
    page_url: str = Field("", description="address of MLflow's pages, for links; empty: none")
    reproduced_within: float = Field(0.005, ge=0)


class ReportSettings(Section):
    """The nightly page."""

    users: int = Field(6, ge=0)
    history: int = Field(8, ge=1)
    page_history: int = Field(40, ge=1, description="on the page of one user")
    recommendations: int = Field(8, ge=1)
    code_items: int = Field(6, ge=1)
    gate_nights: int = Field(14, ge=1, description="nights whose gate results are shown beside tonight's")
    codes: int = Field(12, ge=0)
    thumbnail_pixels: int = Field(112, ge=16)
    max_bytes: int = Field(6_000_000, ge=100_000)
