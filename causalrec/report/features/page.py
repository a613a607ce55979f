"""Writes the features page of a date as one self-contained HTML file."""

import datetime as dt

import pandas as pd

from causalrec.config import Settings
from causalrec.lake import Lake, Ledger
from causalrec.report.features.failures import failures_by_reason
from causalrec.report.features.gallery import read_galleries
from causalrec.report.features.modality import KEY_OF, encoder_ids, read_modality, sampled_items
from causalrec.report.features.summary import DUPLICATE, NEIGHBOURS, Summary, summarise
from causalrec.report.page import Page, make_page
from causalrec.report.thumbnails import THUMBNAIL_PIXELS, Thumbnails

QUERIES = 6  # items whose nearest neighbours are shown
DRIFT_WARNING = 3.0  # distance between the means of new and known vectors, relative to chance
FAILURES = 3  # examples shown per reason

GALLERIES = 4  # items shown with all their pictures
JOBS = ("ingest_images", "embed_images", "embed_texts")


def feature_page_inputs(settings: Settings, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """Inputs of the page of ``ds``: the results of the jobs that made the features, and its settings."""
    made = {job: ledger.last_success(job, ds) for job in ("ingest_products", *JOBS)}
    prints = {job: "" if row is None else row.fingerprint for job, row in made.items()}
    return {**prints, "page": settings.feature_page.model_dump_json(), **encoder_ids(settings)}


def feature_page(settings: Settings, lake: Lake, ds: dt.date) -> tuple[Page, list[Summary]]:
    """``features_<ds>.html`` in the report folder, replaced in one step, and its content."""
    page, ledger = settings.feature_page, Ledger(lake)
    items, total = sampled_items(lake, ds, page.sample)
    queries, encoders = _queries(items, QUERIES), encoder_ids(settings)
    summaries = [
        summarise(page, lake, ledger, ds, items, read_modality(lake, items, name, encoder_id), queries)
        for name, encoder_id in encoders.items()
    ]
    shown = items.dropna(subset=["sha256"])
    thumbnails = Thumbnails(settings, dict(zip(shown["item_id"], shown["image_ref"], strict=True)))
    titles = items["title"].fillna(items["item_id"])
    file = make_page(
        settings,
        "features.html.j2",
        f"features_{ds.isoformat()}.html",
        ds=ds,
        total=total,
        sampled=len(items),
        with_content={name: int(items[column].notna().sum()) for name, column in KEY_OF.items()},
        failures=failures_by_reason(lake, ds, FAILURES),
        counters=_counters(ledger, ds),
        summaries=summaries,
        galleries=read_galleries(lake, ds, items["item_id"], encoders["picture"], GALLERIES),
        queries=queries,
        titles=dict(zip(items["item_id"], titles, strict=True)),
        picture=thumbnails.uri,
        by_reference=thumbnails.of,
        side=THUMBNAIL_PIXELS,
        neighbours=NEIGHBOURS,
        duplicate=DUPLICATE,
        drift_warning=DRIFT_WARNING,
    )
    return file, summaries


def _queries(items: pd.DataFrame, count: int) -> list[str]:
    """Items shown with their neighbours: those with both contents first.

    The choice depends only on their ids.
    """
    both = items[list(KEY_OF.values())].notna().sum(axis=1)
    order = both[both > 0].sort_values(ascending=False, kind="stable").index[:count]
    return [str(item) for item in items.loc[order, "item_id"]]


def _counters(ledger: Ledger, ds: dt.date) -> dict[str, float]:
    """Counters of the newest runs of the date (``images_decoded``, ``texts_cached``, ...)."""
    counters: dict[str, float] = {}
    for job in JOBS:
        row = ledger.last_success(job, ds)
        counters |= row.counters if row is not None else {}
    return counters
