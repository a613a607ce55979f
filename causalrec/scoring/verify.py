"""Rules that a table of recommendations must satisfy before a shop may read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.ranked import Fallback
from causalrec.ranking.slots import Policy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


DRAWN = tuple(policy.value for policy in Policy if policy != Policy.TASTE)


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
    taste: str = Policy.TASTE.value,
    hidden: "DataFrame | None" = None,
    *,
    others: tuple[str, ...] = (),
    by_score: bool = True,
) -> list[Finding]:
    """All rules with the number of violations.

    Args:
        candidates: the rows to publish.
        seen: user_id, item_id of pairs that users already have and may not get again.
        users: user_id of everyone who must be served.
        items: item_id of everything that may be recommended; with market where that differs between markets.
        taste: ``policy`` of rows that taste chose.
        others: ``policy`` of rows of other arms in the same lists.
        hidden: user_id, item_id of pairs that the shop hides; None: it hides none.
        by_score: whether the model's score alone orders what taste chose; with boosts it does not.
    """
    known = Finding(
        "only known items that no rule blocks", candidates.join(items, items.columns, "left_anti").count()
    )
    found = [*_findings(candidates, seen, users, settings, (taste, *others), by_score), known]
    if hidden is not None:
        shown = candidates.join(hidden, ["user_id", "item_id"], "left_semi").count()
        found.append(Finding("no item that the shop hides from the user", shown))
    return found


def _findings(
    candidates: "DataFrame",
    seen: "DataFrame",
    users: "DataFrame",
    settings: ScoringSettings,
    tastes: tuple[str, ...],
    by_score: bool,
) -> Iterator[Finding]:
    label = F.coalesce("fallback", F.lit(""))
    exhausted = label.contains(Fallback.CATALOGUE_EXHAUSTED.value) | label.contains(
        Fallback.CAPS_REACHED.value
    )
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
    yield Finding("ranks are 1..n without gaps", int(totals["gaps"]))
    yield Finding("no item twice in a list", int(totals["repeated"]))
    yield Finding(f"fewer than {settings.k} rows only with a label", int(totals["short"]))
    yield Finding(f"at most {settings.k} rows per user", int(totals["long"]))
    yield Finding("scores are finite", int(totals["not_finite"]))
    odds = F.coalesce("propensity", F.lit(0.0))
    named = F.coalesce("policy", F.lit("")).isin(*tastes, *DRAWN)
    unlogged = candidates.where(~named | F.isnan(odds) | (odds <= 0) | (odds > 1)).count()
    yield Finding("every row has its policy and a propensity in (0, 1]", unlogged)
    if settings.diversity == 0 and by_score:
        yield Finding("scores fall with the rank", _rising(candidates, tastes[0]))
    yield Finding("only known users", lists.join(users, "user_id", "left_anti").count())
    yield Finding("every user is served", users.join(lists, "user_id", "left_anti").count())
    if settings.exclude_seen:
        again = F.coalesce("fallback", F.lit("")).contains(Fallback.SEEN_EVERYTHING.value)
        pairs = candidates.where(~again).select("user_id", "item_id")
        yield Finding("no seen item", pairs.join(seen, ["user_id", "item_id"], "left_semi").count())


def _rising(candidates: "DataFrame", taste: str) -> int:
    """Users whose rows by taste are not sorted by score; drawn rows keep their own places."""
    candidates = candidates.where(F.col("policy") == taste)
    ranked = F.sort_array(F.collect_list(F.struct("rank", "score"))).getField("score")
    lists = candidates.groupBy("user_id").agg(ranked.alias("scores"))
    return int(lists.where(F.col("scores") != F.sort_array("scores", asc=False)).count())


@dataclass(frozen=True)
class Overlap:
    """How much of an earlier night remains.

    Attributes:
        users: users served on both nights.
        share: share of tonight's rows of those users that were there before; 0 without such users.
    """

    users: int
    share: float


def overlap(today: "DataFrame", before: "DataFrame") -> Overlap:
    """Compares two nights by user_id and item_id."""
    common = before.select("user_id").distinct()
    pairs = today.select("user_id", "item_id").join(common, "user_id", "left_semi")
    old = before.select("user_id", "item_id", F.lit(1).alias("old"))
    found = (
        pairs.join(old, ["user_id", "item_id"], "left")
        .agg(
            F.countDistinct("user_id").alias("users"),
            F.count("*").alias("rows"),
            F.count("old").alias("same"),
        )
        .first()
    )
    assert found is not None  # noqa: S101 - a global aggregate has one row
    return Overlap(int(found["users"]), found["same"] / found["rows"] if found["rows"] else 0.0)


def within_bounds(found: Overlap, settings: ScoringSettings) -> Finding:
    """Whether the lists changed neither more nor less than the shop expects from one night."""
    low, high = settings.min_overlap, settings.max_overlap
    outside = found.users >= settings.overlap_users and not low <= found.share <= high
    return Finding(
        f"rows kept from the last night between {low:g} and {high:g}, found {found.share:.3f}", int(outside)
    )
