"""The page of a change of the shop's rules: what tonight's lists would be, and what that would cost."""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.report.changes import Moved
from causalrec.report.nightly import items_of
from causalrec.report.page import Page, make_page
from causalrec.report.thumbnails import THUMBNAIL_PIXELS, Thumbnails
from causalrec.scoring.would_be import WouldBe

PEOPLE, ROWS = 6, 10  # whose lists stand one above the other, and as many rows of each
ITEMS, GROUPS = 8, 12  # that gain or lose most
Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class Cost:
    """A mean over the rows of a list, before and after, and the interval of the difference over users."""

    before: float
    after: float
    low: float
    high: float


@dataclass(frozen=True)
class Shift:
    """A brand or category, and its share of all rows."""

    name: str
    before: float
    after: float


@dataclass(frozen=True)
class Both:
    """One user's lists; ``after`` has the item, its policy, and whether it is new there."""

    user_id: str
    before: tuple[tuple[str, bool], ...]
    after: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class RulesChange:
    """What a change of the rules does.

    Attributes:
        users: in the sample, and those of them whose list changes.
        kept: share of rows that stay in their list.
        placed: policy -> rows before and after, of what taste did not choose.
        score, responses: means over rows; responses per look only where scores are log-odds.
        earned: expected price or margin per look, where an objective weighs it and scores are log-odds.
        earned_name: which of the two.
        gained, lost: items by the number of lists that they enter or leave.
        brands, categories: by change of their share.
    """

    users: tuple[int, int]
    kept: float
    placed: dict[str, tuple[int, int]]
    score: Cost
    responses: Cost | None
    gained: tuple[Moved, ...]
    lost: tuple[Moved, ...]
    brands: tuple[Shift, ...]
    categories: tuple[Shift, ...]
    people: tuple[Both, ...]
    earned: Cost | None = None
    earned_name: str = ""


def rules_change(found: WouldBe, items: pd.DataFrame) -> RulesChange:
    """Compares both sides.

    Args:
        items: item_id, brand and category.
    """
    before, after = found.before, found.after
    pairs = ["user_id", "item_id"]
    merged = after[[*pairs, "rank"]].merge(
        before[[*pairs, "rank"]], on=pairs, how="left", suffixes=("", "_old")
    )
    same = (merged["rank"] == merged["rank_old"]).groupby(merged["user_id"]).all()
    changed = [str(user) for user in same.index[~same]]
    counts = pd.concat([side["item_id"].value_counts() for side in (before, after)], axis=1).fillna(0)
    counts = counts.astype(int).set_axis(["before", "after"], axis=1).sort_index()
    known = items.set_index("item_id")
    weighed = found.logits and found.worth_name != ""
    return RulesChange(
        users=(int(same.size), len(changed)),
        kept=float(merged["rank_old"].notna().mean()),
        placed=_placed(before, after),
        score=_cost(before, after),
        responses=_cost(_expected(before), _expected(after)) if found.logits else None,
        gained=_moved(counts, 1),
        lost=_moved(counts, -1),
        brands=_shifts(counts, known["brand"]),
        categories=_shifts(counts, known["category"]),
        people=tuple(_both(before, after, user) for user in changed[:PEOPLE]),
        earned=_cost(_earned(before, found.worth), _earned(after, found.worth)) if weighed else None,
        earned_name=found.worth_name,
    )


def rules_page(
    settings: Settings, lake: Lake, ds: dt.date, file: str, found: WouldBe
) -> tuple[Page, RulesChange]:
    """``rules_DATE.html`` in the report folder, replaced in one step, and what it shows."""
    change = rules_change(found, load_dataset(settings, lake, ds).items)
    titles, references = items_of(settings, lake, ds)
    page = make_page(
        settings,
        "rules.html.j2",
        f"rules_{ds.isoformat()}.html",
        ds=ds,
        names=(settings.scoring.merchandise or "no rules file", file or "no rules file"),
        change=change,
        version=found.version,
        titles=titles,
        picture=Thumbnails(settings, references).uri,
        side=THUMBNAIL_PIXELS,
    )
    return page, change


def _cost(before: pd.DataFrame, after: pd.DataFrame) -> Cost:
    """Means over users of the mean score of their rows; the difference is paired by user."""
    old, new = (side[side["by_taste"]].groupby("user_id")["score"].mean() for side in (before, after))
    gain = (new - old).dropna()
    mean = float(gain.mean()) if gain.size else 0.0
    width = Z * float(gain.std(ddof=1)) / math.sqrt(gain.size) if gain.size > 1 else 0.0
    return Cost(float(old.mean()), float(new.mean()), mean - width, mean + width)


def _expected(side: pd.DataFrame) -> pd.DataFrame:
    """Scores as chances of a response."""
    return side.assign(score=1 / (1 + np.exp(-side["score"].to_numpy())))


def _earned(side: pd.DataFrame, worth: "pd.Series[float]") -> pd.DataFrame:
    """Scores as what a look is expected to earn; rows of unknown worth are left out."""
    chances = _expected(side)
    return chances.assign(score=chances["score"] * chances["item_id"].map(worth)).dropna(subset=["score"])


def _placed(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, tuple[int, int]]:
    sides = [side["policy"].value_counts() for side in (before, after)]
    names = sorted({*sides[0].index, *sides[1].index})
    return {str(name): (int(sides[0].get(name, 0)), int(sides[1].get(name, 0))) for name in names}


def _moved(counts: pd.DataFrame, sign: int) -> tuple[Moved, ...]:
    change = sign * (counts["after"] - counts["before"])
    top = counts.loc[change[change > 0].sort_values(ascending=False, kind="stable").index[:ITEMS]]
    rows = zip(top.index, top["before"], top["after"], strict=True)
    return tuple(Moved(str(item), int(old), int(new)) for item, old, new in rows)


def _shifts(counts: pd.DataFrame, names: "pd.Series[str]") -> tuple[Shift, ...]:
    shares = counts.groupby(names.reindex(counts.index)).sum() / counts.sum()
    change = (shares["after"] - shares["before"]).abs().round(9)
    change = change.sort_values(ascending=False, kind="stable")
    top = shares.loc[change[change > 0].index[:GROUPS]]
    rows = zip(top.index, top["before"], top["after"], strict=True)
    return tuple(Shift(str(name), float(old), float(new)) for name, old, new in rows)


def _both(before: pd.DataFrame, after: pd.DataFrame, user: str) -> Both:
    old, new = (side[side["user_id"] == user].sort_values("rank").head(ROWS) for side in (before, after))
    had, has = (
        set(before.loc[before["user_id"] == user, "item_id"]),
        set(after.loc[after["user_id"] == user, "item_id"]),
    )
    return Both(
        user,
        tuple((str(item), item not in has) for item in old["item_id"]),
        tuple(
            (str(item), str(policy), item not in had)
            for item, policy in zip(new["item_id"], new["policy"], strict=True)
        ),
    )
