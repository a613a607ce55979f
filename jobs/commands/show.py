"""``causalrec show``: one user's history and published list, with reasons and what the adjustment did."""

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.report.nightly import items_of
from causalrec.report.people import HISTORY, Person, one_person
from causalrec.report.person import Other, person_page
from causalrec.run import open_lake
from causalrec.scoring.export.night import newest_night
from causalrec.scoring.raw_list import raw_list
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import Json, PublishedDate, SettingsFile, User


def show(
    user: User,
    ds: PublishedDate = None,
    page: Annotated[bool, typer.Option("--page", help="Also write a page with pictures.")] = False,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """Read the published partition and show both tables."""
    settings, console = shop_settings(settings_file), Console()
    lake = open_lake(settings)
    ds = ds or newest_night(lake)
    person = one_person(lake, ds, user)
    titles, references = items_of(settings, lake, ds)
    if json:
        write_json({"ds": ds, **asdict(person)})
        return 0
    console.print(_history(person, titles, HISTORY))
    console.print(_list(person, titles, ds))
    if page:
        file = person_page(settings, ds, person, _other(settings, lake, ds, person), titles, references)
        console.print(f"page: {file}", highlight=False, soft_wrap=True)
    return 0


def _other(settings: Settings, lake: Lake, ds: dt.date, person: Person) -> Other:
    """The list of a raw model of the same data."""
    dataset = load_dataset(settings, lake, ds)
    found = raw_list(
        settings, lake, ds, dataset, person.version, person.user_id, person.history, len(person.shown)
    )
    return Other(found.item_ids, found.why_not)


def _history(person: Person, titles: dict[str, str], most: int) -> Table:
    title = f"{person.user_id}: {person.chosen} items chosen, most recent first"
    table = Table("item", "title", title=escape(title))
    for item in person.history[:most]:
        table.add_row(escape(item), escape(titles.get(item, "")))
    return table


def _list(person: Person, titles: dict[str, str], ds: dt.date) -> Table:
    where = f", market {person.market}" if person.market else ""
    table = Table(title=escape(f"published for {ds} ({person.label}{where})"))
    for column in ("rank", "item", "title", "score", "raw → ours", "reason", "confounder"):
        table.add_column(column, justify="right" if column in ("rank", "score", "raw → ours") else "left")
    table.caption = (
        "raw → ours: place in the raw model's list and in ours, by score alone (before caps and diversity)"
    )
    if not person.compared:
        table.caption = "this list was not compared with a raw model"
    for shown in person.shown:
        place = "" if shown.raw_rank is None else f"{shown.raw_rank} → {shown.score_rank} ({shown.moved:+d})"
        cells = (shown.item_id, titles.get(shown.item_id, ""), f"{shown.score:.4f}", place)
        texts = (shown.reason, shown.confounder or "")
        table.add_row(str(shown.rank), *(escape(cell) for cell in (*cells, *texts)))
    return table
