"""What must hold of a table of recommendations before a shop may read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.config.sections import ScoringSettings
from causalrec.scoring.engine import Fallback

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Finding:
    """One rule and the number of rows or users that break it."""

    rule: str
    broken: int


def verify(
    candidates: "DataFrame",
    seen: "DataFrame",
    users: "DataFrame",
    items: "DataFrame",
    settings: ScoringSettings,
) -> list[Finding]:
    """All rules with the number of violations.

    Args:
        candidates: the rows to publish.
        seen: user_id, item_id that users have already.
        users: user_id of everyone who must be served.
        items: item_id of everything that may be recommended.
    """
    known = Finding(
        "only known items that no rule blocks", candidates.join(items, "item_id", "left_anti").count()
    )
    return [*_findings(candidates, seen, users, settings), known]


def _findings(
    candidates: "DataFrame", seen: "DataFrame", users: "DataFrame", settings: ScoringSettings
) -> Iterator[Finding]:
    exhausted = F.coalesce("fallback", F.lit("")).contains(Fallback.CATALOGUE_EXHAUSTED.value)
    finite = F.col("score").isNotNull() & ~F.isnan("score") & (F.abs("score") < float("inf"))
    lists = candidates.groupBy("user_id").agg(
        F.count(F.lit(1)).alias("rows"),
        F.countDistinct("item_id").alias("items"),
        F.countDistinct("rank").alias("ranks"),
        F.min("rank").alias("first"),
        F.max("rank").alias("last"),
        F.min(exhausted).alias("labelled"),
        F.count_if(~finite).alias("not_finite"),
    )
    gap = (F.col("first") != 1) | (F.col("last") != F.col("rows")) | (F.col("ranks") != F.col("rows"))
    short = (F.col("rows") < settings.k) & ~F.col("labelled")
    totals = lists.agg(
        F.coalesce(F.sum("rows"), F.lit(0)).alias("rows"),
        F.count_if(gap).alias("gaps"),
        F.count_if(F.col("items") != F.col("rows")).alias("repeated"),
        F.count_if(short).alias("short"),
        F.count_if(F.col("rows") > settings.k).alias("long"),
        F.coalesce(F.sum("not_finite"), F.lit(0)).alias("not_finite"),
    ).first()
    assert totals is not None  # noqa: S101 - a global aggregate has one row
    yield Finding("there are rows", int(totals["rows"] == 0))
    yield Finding("ranks are 1..n without holes", int(totals["gaps"]))
    yield Finding("no item twice for a user", int(totals["repeated"]))
    yield Finding(f"fewer than {settings.k} rows only with a label", int(totals["short"]))
    yield Finding(f"at most {settings.k} rows per user", int(totals["long"]))
    yield Finding("scores are finite", int(totals["not_finite"]))
    yield Finding("scores fall with the rank", _rising(candidates))
    yield Finding("only known users", lists.join(users, "user_id", "left_anti").count())
    yield Finding("every user is served", _unserved(candidates, seen, users))
    if settings.exclude_seen:
        pairs = candidates.select("user_id", "item_id")
        yield Finding("no seen item", pairs.join(seen, ["user_id", "item_id"], "left_semi").count())


def _rising(candidates: "DataFrame") -> int:
    """Users whose list is not sorted by score."""
    ranked = F.sort_array(F.collect_list(F.struct("rank", "score"))).getField("score")
    lists = candidates.groupBy("user_id").agg(ranked.alias("scores"))
    return int(lists.where(F.col("scores") != F.sort_array("scores", asc=False)).count())


def _unserved(candidates: "DataFrame", seen: "DataFrame", users: "DataFrame") -> int:
    """Users without a row although something is left that they do not have."""
    missing = users.join(candidates.select("user_id").distinct(), "user_id", "left_anti")
    offered = candidates.select("item_id").distinct()
    theirs = (
        seen.join(offered, "item_id", "left_semi")
        .groupBy("user_id")
        .agg(F.countDistinct("item_id").alias("n"))
    )
    left = F.coalesce("n", F.lit(0)) < offered.count()
    return int(missing.join(theirs, "user_id", "left").where(left).count())


def overlap(today: "DataFrame", yesterday: "DataFrame") -> float | None:
    """Share of today's rows, of users served on both days, that were there yesterday; None without any."""
    both = today.join(yesterday.select("user_id").distinct(), "user_id", "left_semi")
    pairs = both.select("user_id", "item_id")
    total = pairs.count()
    same = pairs.join(yesterday.select("user_id", "item_id"), ["user_id", "item_id"], "left_semi").count()
    return same / total if total else None
