"""Writes the review page of one version as one self-contained HTML file."""

from collections.abc import Callable
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.report.page import Page, make_page
from causalrec.report.review import charts
from causalrec.report.review.facts import Reviewed
from causalrec.report.review.gallery import CodeCard, gallery
from causalrec.report.review.items import ColdItems, MovedItem, cold_items, moved_items
from causalrec.report.review.lists import SampledLists, ranked_lists
from causalrec.report.review.metrics import MetricTable, read_metrics
from causalrec.report.review.people import Reader, chosen_users, latest_first, reader
from causalrec.report.thumbnails import Thumbnails
from causalrec.report.truth import short_fits_note, truth_charts

HISTORY = 8  # items shown of their histories
SHOWN = 8  # items shown of each list
CODES = 12  # confounder codes in the gallery
MOVED_ITEMS = 8  # items shown that gained places, and as many that lost places
COLD_ITEMS = 8  # items shown that nobody has chosen yet
THUMBNAIL_PIXELS = 96  # side of a picture, in pixels

SAMPLED_USERS = 2_000  # whose lists are compared
CODE_ITEMS, CODE_WORDS = 6, 6  # pictures and words of one confounder code


@dataclass(frozen=True)
class PageContent:
    """Everything the page shows besides the given facts."""

    metrics: MetricTable
    lists: SampledLists
    kept: float
    codes: list[CodeCard]
    readers: list[Reader]
    gained: tuple[MovedItem, ...]
    lost: tuple[MovedItem, ...]
    cold: ColdItems


def review_page(settings: Settings, lake: Lake, reviewed: Reviewed) -> Page:
    """``review_<version>.html`` in the report folder, replaced in one step."""
    items = reviewed.dataset.items
    content = read_content(settings, lake, reviewed)
    pictured = items.dropna(subset=["image_ref"])
    thumbnails = Thumbnails(settings, dict(zip(pictured["item_id"], pictured["image_ref"], strict=True)))
    return make_page(
        settings,
        "review.html.j2",
        f"review_{reviewed.version}.html",
        reviewed=reviewed,
        found=content,
        intervals={name: charts.intervals(content.metrics, name) for name in content.metrics.shown_first},
        trade_off=charts.trade_off(content.metrics),
        truth=truth_charts(reviewed.truth),
        truth_note=short_fits_note(reviewed.truth),
        curves=charts.curves(reviewed.run.curves, reviewed.run.best_epoch),
        title=items["title"].fillna(items["item_id"]).tolist().__getitem__,
        picture=_by_row(thumbnails, items["item_id"].tolist()),
        side=THUMBNAIL_PIXELS,
    )


def read_content(settings: Settings, lake: Lake, reviewed: Reviewed) -> PageContent:
    """Ranks the catalogue for the sampled users by both sides and compares the lists."""
    lists = ranked_lists(reviewed, settings.scoring.k, SAMPLED_USERS)
    gained, lost = moved_items(reviewed, lists, MOVED_ITEMS)
    rows = chosen_users(reviewed, lists, settings.report.users)
    names = [str(reviewed.dataset.user_ids[lists.users[row]]) for row in rows]
    latest = latest_first(reviewed, lake, names)
    same = (lists.mine[:, :, None] == lists.theirs[:, None, :]) & (lists.mine >= 0)[:, :, None]
    return PageContent(
        metrics=read_metrics(lake, reviewed),
        lists=lists,
        kept=float(same.sum() / max((lists.mine >= 0).sum(), 1)),
        codes=gallery(reviewed, lists, CODES, CODE_ITEMS, CODE_WORDS),
        readers=[reader(reviewed, lists, row, latest, HISTORY, SHOWN) for row in rows],
        gained=gained,
        lost=lost,
        cold=cold_items(reviewed, lists, COLD_ITEMS),
    )


def _by_row(thumbnails: Thumbnails, item_ids: list[str]) -> Callable[[int], str | None]:
    return lambda row: thumbnails.uri(item_ids[row])
