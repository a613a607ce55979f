"""Writes the site of a shop into the report folder, replaced as a whole."""

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa

from causalrec.config import Settings
from causalrec.erasure.folders import SITE, SITE_DATA
from causalrec.lake import Lake, LedgerRow
from causalrec.report.gates import checked_days, checked_tables, gate_lines
from causalrec.report.page import environment
from causalrec.report.people import codes
from causalrec.report.site.items import items_of_site, words_of
from causalrec.report.site.models import Models, read_models
from causalrec.report.site.nights import night_lines
from causalrec.report.site.pages import DATA_DOCS, Existing, existing
from causalrec.report.site.people import people_of
from causalrec.report.site.shards import Kind, write_data, write_shards
from causalrec.report.site.tables import table_cards
from causalrec.report.site.trials import trials
from causalrec.report.thumbnails import THUMBNAIL_PIXELS
from causalrec.scoring.export.night import newest_night
from causalrec.store import checked_out

SCRIPT = "site.js"
CODES = 60  # confounder codes shown
SHOWN_FIRST = 24  # people and items to start from
NAVIGATION = (
    ("index.html", "Nights"),
    ("people.html", "People"),
    ("items.html", "Items"),
    ("confounders.html", "Confounders"),
    ("deliveries.html", "Deliveries"),
    ("models.html", "Models"),
    ("experiments.html", "Experiments"),
    ("tables.html", "Tables"),
    ("pages.html", "All pages"),
)


@dataclass(frozen=True)
class Site:
    """What was written.

    Attributes:
        page: path or URI of the one to open.
        ds: night that its people and items are of.
        people: users that it holds, of all ``users`` with a list.
        pages: pages of earlier runs that it leads to.
    """

    page: str
    ds: dt.date
    people: int
    users: int
    items: int
    pages: int


def write_site(settings: Settings, lake: Lake, rows: Sequence[LedgerRow]) -> Site:
    """``site/index.html`` in the report folder and everything it leads to.

    Args:
        rows: of the ledger, oldest first.

    Raises:
        ScoringError: no night has been published yet.
    """
    ds = newest_night(lake)
    with checked_out(settings.report_store.child(SITE)) as site:
        people, users, items, pages = _write(settings, lake, rows, ds, site)
    index = settings.report_store.address(f"{SITE}/index.html")
    return Site(index, ds, len(people.ids), users, len(items.ids), len(pages))


def _write(
    settings: Settings, lake: Lake, rows: Sequence[LedgerRow], ds: dt.date, site: Path
) -> tuple[Kind, int, Kind, Sequence[Existing]]:
    """People, all users, items and pages of the site that now stands in the folder ``site``."""
    unfinished = site.with_name(f".{site.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a call that was killed
    data = unfinished / SITE_DATA
    data.mkdir(parents=True)
    people, users = people_of(lake, ds, settings.report.site_users)
    items, pages = items_of_site(settings, lake, ds), existing(settings.report_store)
    _write_data(data, people, items)
    shutil.copyfile(Path(__file__).with_name(SCRIPT), unfinished / SCRIPT)
    writer = _Writer.of(settings, unfinished, pages, ds)
    models = read_models(lake)
    _nights(writer, lake, rows, models)
    writer.page("people.html", "people.html.j2", people=len(people.ids), users=users, some=_some(people))
    writer.page("items.html", "items.html.j2", items=len(items.ids), most=_most_listed(items))
    writer.page("search.html", "search.html.j2", people=len(people.ids), users=users)
    writer.page(
        "confounders.html", "confounders.html.j2", codes=codes(lake, ds, CODES), titles=_titles(items)
    )
    writer.page("models.html", "models.html.j2", models=models)
    writer.page("experiments.html", "experiments.html.j2", trials=trials(lake))
    writer.page("tables.html", "tables.html.j2", tables=table_cards(lake), root=lake.root)
    writer.page("pages.html", "pages.html.j2")
    for page in pages:
        writer.page(page.view, "view.html.j2", shown=page)
    _replace(unfinished, site)
    return people, users, items, pages


@dataclass(frozen=True)
class _Writer:
    """Fills templates that share the navigation."""

    settings: Settings
    folder: Path
    ds: dt.date
    templates: jinja2.Environment

    @staticmethod
    def of(settings: Settings, folder: Path, pages: Sequence[Existing], ds: dt.date) -> "_Writer":
        """A writer into ``folder`` whose pages lead to ``pages``."""
        templates = environment()
        docs = not settings.report_store.missing([DATA_DOCS])
        templates.globals |= {
            "shop": settings.shop,
            "navigation": NAVIGATION,
            "pages": pages,
            "views": {page.file: page.view for page in pages},
            "data_docs": f"../{DATA_DOCS}" if docs else "",
            "ds": ds,
            "side": THUMBNAIL_PIXELS,
        }
        return _Writer(settings, folder, ds, templates)

    def page(self, file: str, template: str, **shown: Any) -> None:  # noqa: ANN401 - what templates take
        """``file`` of the site."""
        html = self.templates.get_template(f"site/{template}").render(file=file, **shown)
        (self.folder / file).write_text(html, encoding="utf-8")


def _write_data(folder: Path, people: Kind, items: Kind) -> None:
    """The shards, and an index of where each begins."""
    words = words_of(items)
    kinds = {kind.name: write_shards(folder, kind) for kind in (people, items, words)}
    sizes = {kind.name: kind.size for kind in (people, items, words)}
    write_data(folder, "index", {"firsts": kinds, "sizes": sizes})


def _nights(writer: _Writer, lake: Lake, rows: Sequence[LedgerRow], models: Models) -> None:
    lines = night_lines(lake, rows)
    writer.page("index.html", "index.html.j2", nights=lines, champion=models.champion)
    gates = gate_lines(writer.settings, _checked(writer.settings) or writer.ds)
    writer.page("deliveries.html", "deliveries.html.j2", gates=gates, nights=lines)


def _checked(settings: Settings) -> dt.date | None:
    """The newest date whose deliveries were checked."""
    days = [day for table in checked_tables(settings) for day in checked_days(settings, table)]
    return dt.date.fromisoformat(max(days)) if days else None


def _some(people: Kind) -> list[tuple[str, str]]:
    """A few people to start from: one of every label, then the first ones."""
    labels = people.about["label"].to_numpy()
    _, firsts = np.unique(labels.astype(str), return_index=True)
    chosen = list(dict.fromkeys([*firsts.tolist(), *range(len(labels))][: SHOWN_FIRST + len(firsts)]))
    return [(people.ids[place].as_py(), str(labels[place])) for place in chosen[:SHOWN_FIRST]]


def _most_listed(items: Kind) -> list[tuple[str, str | None, int]]:
    """Id, title and number of lists of the items that people meet most often."""
    order = np.argsort(-items.about["lists"].to_numpy(), kind="stable")[:SHOWN_FIRST]
    rows = items.about.select(["title", "lists"]).take(pa.array(order)).to_pylist()
    ids = items.ids.take(pa.array(order)).to_pylist()
    return [(item, row["title"], row["lists"]) for item, row in zip(ids, rows, strict=True)]


def _titles(items: Kind) -> dict[str, str]:
    return dict(zip(items.ids.to_pylist(), items.about["title"].to_pylist(), strict=True))


def _replace(new: Path, folder: Path) -> None:
    """``new`` instead of ``folder``; a reader misses the site for the time of two renames."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
