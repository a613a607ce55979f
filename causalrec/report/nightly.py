"""Writes the page of a night as one self-contained HTML file."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.errors import DatasetError
from causalrec.lake import Lake, Ledger
from causalrec.report.experiments import experiment_card
from causalrec.report.gates import gate_lines
from causalrec.report.lists import samples
from causalrec.report.night import DONE, NightFacts
from causalrec.report.page import Page, make_page
from causalrec.report.people import codes, people
from causalrec.report.thumbnails import THUMBNAIL_PIXELS, Thumbnails
from causalrec.report.truth import TruthLine, short_fits_note, truth_charts


def report_inputs(settings: Settings, ledger: Ledger, ds: dt.date, jobs: Sequence[str]) -> dict[str, str]:
    """Inputs of the page of ``ds``: the newest runs of its jobs, the newest evaluation, and its settings."""
    runs = {row.job: row.run_id for row in ledger.rows(ds) if row.job in jobs and row.status in DONE}
    evaluations = ledger.partition_digests("evaluations", upto=ds)
    return {
        **runs,
        "evaluations": hashlib.sha256(json.dumps(evaluations).encode()).hexdigest(),
        "report": settings.report.model_dump_json(),
        **_experiment(settings, ds),
    }


def _experiment(settings: Settings, ds: dt.date) -> dict[str, str]:
    """The experiment that the page shows; nothing where none runs."""
    chosen = settings.experiment
    return {"experiment": chosen.model_dump_json()} if chosen.serves(ds) or chosen.judges(ds) else {}


def page_address(settings: Settings, ds: dt.date) -> str:
    """Path or URI of the page of a night."""
    return settings.report_store.address(_file(ds))


def _file(ds: dt.date) -> str:
    return f"nightly_{ds.isoformat()}.html"


def nightly_page(settings: Settings, lake: Lake, night: NightFacts, truth: Sequence[TruthLine] = ()) -> Page:
    """``nightly_<ds>.html`` in the report folder, replaced in one step.

    Args:
        truth: the champion and others against the truth; empty for a shop whose truth is unknown.
    """
    titles, references = items_of(settings, lake, night.ds)
    thumbnails = Thumbnails(settings, references)
    shown = people(settings, lake, night.ds) if lake.table("recommendations").exists() else []
    return make_page(
        settings,
        "nightly.html.j2",
        _file(night.ds),
        night=night,
        truth=truth_charts(truth),
        truth_note=short_fits_note(truth),
        gates=gate_lines(settings, night.ds),
        people=shown,
        experiment=experiment_card(settings, lake, night.ds, shown),
        codes=codes(lake, night.ds) if lake.table("recommendations").exists() else [],
        samples=samples(lake, night.ds),
        titles=titles,
        picture=thumbnails.uri,
        side=THUMBNAIL_PIXELS,
    )


def items_of(settings: Settings, lake: Lake, ds: dt.date) -> tuple[dict[str, str], dict[str, str]]:
    """Item id -> title, and item id -> picture; empty if no dataset was built."""
    try:
        items = load_dataset(settings, lake, ds).items
    except DatasetError:
        return {}, {}
    titles = items["title"].fillna(items["item_id"])
    references = {item: ref for item, ref in zip(items["item_id"], items["image_ref"], strict=True) if ref}
    return dict(zip(items["item_id"], titles, strict=True)), references
