"""Which deliveries a run takes up, and what their content depends on."""

import datetime as dt
import hashlib
import json
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.contracts import Contract, load_contract
from causalrec.errors import SourceError
from causalrec.ingest.mark import SourceFile
from causalrec.lake import Ledger
from causalrec.sources.landing import Kind, arrival_dates, delivery_files, delivery_fingerprint


@dataclass(frozen=True)
class Feed:
    """One kind of delivery: its job, its folder in the landing zone and both contracts."""

    job: str
    kind: Kind

    @property
    def table(self) -> Contract:
        """Contract of the table that the rows become."""
        return load_contract(self.kind)

    @property
    def landing(self) -> Contract:
        """Contract of the files."""
        return load_contract(f"landing_{self.kind}")


def feed_inputs(feed: Feed, settings: Settings, ds: dt.date) -> dict[str, str]:
    """Digests of what the rows of ``ds`` depend on: its files, the contracts, the limits."""
    limits = json.dumps(settings.ingest.model_dump(mode="json"), sort_keys=True)
    return {
        "delivery": delivery_fingerprint(settings.landing_root, feed.kind, ds),
        "contract": feed.table.digest,
        "landing_contract": feed.landing.digest,
        "limits": hashlib.sha256(limits.encode()).hexdigest(),
    }


def open_dates(feed: Feed, settings: Settings, ledger: Ledger, ds: dt.date) -> list[dt.date]:
    """``ds``, if it was delivered, and every older arrival date that no run has loaded yet, ascending.

    Raises:
        SourceError: ``ds`` must have a delivery and has none.
    """
    arrived = [date for date in arrival_dates(settings.landing_root, feed.kind) if date <= ds]
    optional = feed.table.extensions.delivery == "optional" and bool(arrived)
    if ds not in arrived and not optional:
        newest = f"the newest is of {arrived[-1]}" if arrived else "there is none at all"
        raise SourceError(
            f"no {feed.kind} delivery for {ds} under {settings.landing_root}; {newest}",
            do=f"deliver {feed.kind}/arrival_date={ds}/ (layout: schemas/{feed.landing.name}.yaml)",
        )
    loaded = {date for date, row in ledger.successes(feed.job).items() if row.writes}
    return [date for date in arrived if date == ds or date not in loaded]


def list_files(feed: Feed, settings: Settings, dates: Sequence[dt.date]) -> list[SourceFile]:
    """Files of the deliveries, by date and name.

    Raises:
        SourceError: a delivery has no file.
    """
    files = []
    for date in dates:
        found = delivery_files(settings.landing_root, feed.kind, date)
        if not found:
            raise SourceError(
                f"{feed.kind} {date}: the delivery has no files, 0 rows",
                do="deliver it again or remove its folder; nothing was written, the table stays as it was",
            )
        files += [SourceFile(file, posixpath.basename(file), date) for file in found]
    return files
