"""Every stage as data: DAGs, plan, status, reports and the tables in the documentation are generated from it.

To add a nightly table, add a stage here and a module of that name under jobs/. Nothing heavy is imported, so
a scheduler parses this file quickly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Pool = Literal["default_pool", "spark", "gpu", "dataset"]
Kind = Literal["work", "page", "question"]

CHAMPION = "causalrec://registry/champion"
TRAINING_REQUEST = "causalrec://registry/training_request"


@dataclass(frozen=True)
class Stage:
    """One task of a DAG: ``python -m jobs.NAME --ds DATE``.

    Attributes:
        name: task id, module under jobs/, and ``job`` in the ledger.
        minutes: time limit, after which the task is stopped.
        after: stages that must be done before it.
        reads: tables that it reads. writes: tables that it writes a partition of.
        pool: the scheduler's pool, which limits how many stages use Spark or a GPU at once.
        outlets: what other DAGs may be scheduled on, beside the tables in :data:`ASSETS`.
        kind: ``work`` makes tables or models. ``page`` makes a page for people: nothing waits for it, and a
            date is complete without it. ``question`` leaves no row in the ledger: exit status 0 lets the
            stages after it run, 99 skips them.
        without_champion: a night needs it only while no model can score.
        may_follow_skipped: runs although stages before it were skipped.
    """

    name: str
    minutes: int
    after: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    pool: Pool = "default_pool"
    outlets: tuple[str, ...] = ()
    kind: Kind = "work"
    without_champion: bool = False
    may_follow_skipped: bool = False

    @property
    def nightly(self) -> bool:
        """Whether a backfill treats a date without it as incomplete."""
        return self.kind == "work" and not self.without_champion


LISTS = ("recommendations", "similar_items", "popular_items")
"""The tables of a night that a shop serves from."""

BEHAVIOUR = (
    "complements", "substitutes", "cart_lists", "buy_again", "trending_items", "recent_items", "audiences",
)  # fmt: skip
"""Lists that a night makes only if ``lists.tables`` names them."""

VECTORS = ("item_vectors", "user_vectors")
"""The vectors behind the lists, which a night stores only if ``export.vectors`` is set."""

ASSETS = ("events", "products", "datasets", *LISTS)
"""Tables that other DAGs may be scheduled on."""

NIGHT = (
    Stage("land", 120),
    Stage(
        "ingest_events",
        120,
        after=("land",),
        reads=("erasures",),
        writes=("events", "quarantine", "unread_fields"),
        pool="spark",
    ),
    Stage(
        "ingest_products",
        60,
        after=("land",),
        reads=("erasures",),
        writes=("products", "quarantine", "unread_fields"),
        pool="spark",
    ),
    Stage(
        "ingest_images",
        120,
        after=("ingest_products",),
        reads=("products", "images", "image_failures"),
        writes=("images", "image_failures"),
        pool="spark",
    ),
    Stage(
        "embed_images",
        240,
        after=("ingest_images",),
        reads=("images", "image_features"),
        writes=("image_features",),
        pool="spark",
    ),
    Stage(
        "embed_texts",
        120,
        after=("ingest_products",),
        reads=("products", "text_features"),
        writes=("text_features",),
        pool="spark",
    ),
    Stage(
        "features",
        30,
        after=("embed_images", "embed_texts"),
        reads=("products", "images", "image_features", "text_features", "image_failures", "ledger"),
        kind="page",
    ),
    Stage(
        "build_dataset",
        120,
        after=("ingest_events", "embed_images", "embed_texts"),
        reads=("events", "products", "images", "image_features", "text_features"),
        writes=("interactions", "exposures", "looks", "datasets"),
        pool="dataset",  # of one slot: nightly and training build the dataset of the same date
    ),
    Stage("need_champion", 10, after=("ingest_events",), kind="question"),  # beside other stages
    Stage(
        "train",
        720,
        after=("need_champion", "build_dataset"),
        reads=("datasets",),
        pool="gpu",
        without_champion=True,
    ),
    Stage(
        "evaluate",
        120,
        after=("train",),
        reads=("datasets",),
        writes=("evaluations", "gate_checks"),
        pool="gpu",
        without_champion=True,
    ),
    Stage(
        "review",
        60,
        after=("evaluate",),
        reads=("datasets", "products", "images", "interactions", "evaluations", "ledger"),
        kind="page",
        without_champion=True,
    ),
    Stage(
        "promote",
        10,
        after=("evaluate",),
        reads=("datasets", "evaluations", "gate_checks", "promotions"),
        writes=("promotions",),
        outlets=(CHAMPION,),
        without_champion=True,
    ),
    Stage(
        "score",
        240,
        after=("promote", "build_dataset"),  # the latter counts where promote is skipped
        reads=("datasets", "interactions", "events", "products", "images"),
        writes=("recommendation_candidates",),
        pool="spark",
        may_follow_skipped=True,
    ),
    Stage(
        "publish",
        30,
        after=("score",),
        reads=("recommendation_candidates", "datasets", "interactions", "events", "products", "images"),
        writes=("recommendations",),
    ),
    Stage(
        "item_lists",
        60,
        after=("publish",),
        reads=("datasets", "products", "images"),
        writes=("similar_items", "popular_items", *VECTORS),
    ),
    Stage(
        "behaviour_lists",
        60,
        after=("publish",),
        reads=("datasets", "events", "products", "recommendations"),
        writes=BEHAVIOUR,
        pool="spark",
    ),
    Stage(
        "experiment",
        60,
        after=("publish",),
        reads=("recommendations", "events", "experiments"),
        writes=("experiments",),
        pool="spark",
    ),
    Stage(
        "monitor",
        60,
        after=("publish",),
        reads=("recommendations", "events", "evaluations", "datasets", "products", "images"),
        writes=("monitoring",),
    ),
    Stage(
        "report",
        30,
        after=("item_lists", "behaviour_lists", "experiment", "monitor"),
        reads=(
            "ledger",
            "evaluations",
            "recommendations",
            "interactions",
            "datasets",
            "products",
            "images",
            *BEHAVIOUR,
            "experiments",
        ),
        kind="page",
    ),
    Stage(
        "request_training",
        10,
        after=("monitor",),
        reads=("monitoring",),
        outlets=(TRAINING_REQUEST,),
        kind="question",
    ),
)
"""The stages of a night in an order in which they can run."""

ASKED = (
    Stage("need_approval", 10, kind="question"),
    Stage("answer", 10, writes=("promotions",), outlets=(CHAMPION,)),
)
"""The question that the training DAG asks a person, and the handling of the answer."""

TUNE = Stage("tune", 720, after=("build_dataset",), reads=("datasets",), pool="gpu")
"""Searches for better settings, at the configured interval."""

UPKEEP = Stage("maintain", 240)
"""Retention, compaction and vacuum; of all tables."""

EXPORT = Stage("export", 120, reads=(*LISTS, *BEHAVIOUR, *VECTORS))
"""Copies the published lists to the stores that a shop serves from, once all lists are published."""

TRAINING = ("build_dataset", "tune", "train", "evaluate", "review", "promote")
"""The stages that make a challenger, in their order."""

STAGES = {stage.name: stage for stage in (*NIGHT, *ASKED, TUNE, UPKEEP, EXPORT)}

RECORDED = tuple(stage.name for stage in NIGHT if stage.kind != "question")
"""Stages of a night that leave a row in the ledger."""

NIGHTLY = tuple(stage.name for stage in NIGHT if stage.nightly)
"""Stages whose results make a date complete. A new champion makes it stale through the inputs of score."""

LEFT_BEHIND = tuple(stage.name for stage in NIGHT if stage.kind != "question" and not stage.without_champion)
"""The same plus the pages: if all of it exists, running the night again does nothing."""


def upstream(name: str, among: Sequence[str]) -> tuple[str, ...]:
    """The nearest stages before ``name`` that are ``among`` the given ones, in the order of the night.

    A stage that is before another of them is not near, even if a shorter way leads to it as well.
    """
    found = {before for before in _all_before(name) if before in among}
    nearer = {before for one in found for before in _all_before(one)}
    return tuple(stage.name for stage in NIGHT if stage.name in found - nearer)


def _all_before(name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(STAGES[name].after)
    while waiting:
        before = waiting.pop()
        found.add(before)
        waiting += STAGES[before].after
    return found


def writer_of(table: str) -> str:
    """The stages that write ``table``, for people; empty for a table that no stage of a DAG writes."""
    return ", ".join(stage.name for stage in STAGES.values() if table in stage.writes)


def stage_table() -> str:
    """The stages as a Markdown table."""
    lines = ["| stage | after | reads | writes | pool | minutes |", "|---|---|---|---|---|---|"]
    for stage in STAGES.values():
        cells = (
            f"`{stage.name}`",
            ", ".join(stage.after) or "-",
            ", ".join(stage.reads) or "-",
            ", ".join(stage.writes) or "-",
            stage.pool.removesuffix("_pool"),
            str(stage.minutes),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
