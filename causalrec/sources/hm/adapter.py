"""The H&M layout as a source: converted once, and again only if the raw files change."""

import datetime as dt
import shutil
import tempfile
from pathlib import Path

import fsspec

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.sources.hm.events import split_by_day, write_days
from causalrec.sources.hm.layout import ARTICLE_COLUMNS, ARTICLES, source_stamp
from causalrec.sources.hm.layout import check_header as check_columns
from causalrec.sources.hm.products import write_products
from causalrec.sources.landing import Kind, arrival_dates, delivery_folder
from causalrec.sources.marker import Marker, claim, digest, write_marker
from causalrec.sources.progress import Steps

CONVERTER = 1
"""Version of the conversion; raised whenever its output changes."""


def hm_fingerprint(settings: Settings) -> str:
    """Hash of the raw files' names, sizes and modification times.

    Raises:
        SourceError: a raw file is absent.
    """
    return digest([CONVERTER, source_stamp(settings.raw_root)])


def land_hm(settings: Settings, progress: Steps) -> tuple[Marker, bool]:
    """Convert the raw folder unless already done; returns the marker and whether anything was written.

    Raises:
        SourceError: a raw file is absent or empty, or the landing zone belongs to another source.
        ContractError: a column is missing or re-typed.
    """
    root, raw, mark = settings.landing_root, settings.raw_root, hm_fingerprint(settings)
    there = claim(root, "hm")
    if there is not None and there.complete and there.fingerprint == mark:
        return there, False
    check_columns(raw, ARTICLES, ARTICLE_COLUMNS)  # before the slow part
    write_marker(root, Marker("hm", mark, False))
    spool_parent = settings.paths.work.absolute()
    spool_parent.mkdir(parents=True, exist_ok=True)
    spool = Path(tempfile.mkdtemp(prefix=".spool-", dir=spool_parent))
    try:
        days = split_by_day(raw, spool)
        if not days:
            raise SourceError(f"no transactions in {raw}", do="fetch the raw files again")
        write_products(raw, root, days[0])
        rows = write_days(spool, root, days, progress)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    _drop_others(root, "events", days)
    _drop_others(root, "products", days[:1])
    marker = Marker("hm", mark, True, days[0].isoformat(), days[-1].isoformat(), rows)
    write_marker(root, marker)
    return marker, True


def _drop_others(root: str, kind: Kind, keep: list[dt.date]) -> None:
    """Removes deliveries of an earlier conversion that the raw files no longer contain."""
    for date in sorted(set(arrival_dates(root, kind)) - set(keep)):
        files, path = fsspec.core.url_to_fs(delivery_folder(root, kind, date))
        files.rm(path, recursive=True)
