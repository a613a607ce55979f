"""Which deliveries a run loads, and what their rows depend on."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.contracts import Contract, load_contract
from causalrec.errors import SourceError, printable
from causalrec.ingest.mark import SourceFile
from causalrec.lake import Ledger
from causalrec.sources.landing import (
    Kind,
    LandingEntry,
    arrival_dates,
    delivery_entries,
    delivery_fingerprint,
    misnamed,
)

SHOWN = 5


@dataclass(frozen=True)
class Feed:
    """One kind of delivery: its job, its folder in the landing zone and both contracts."""

    job: str
    kind: Kind

    @property
    def table(self) -> Contract:
        """Contract of the table that the rows go to."""
        return load_contract(self.kind)

    @property
    def landing(self) -> Contract:
        """Contract of the files."""
        return load_contract(f"landing_{self.kind}")


def feed_inputs(feed: Feed, settings: Settings, ds: dt.date) -> dict[str, str]:
    """Digests of what the rows of ``ds`` depend on: its files, the contracts, the limits."""
    given = [settings.ingest.model_dump(mode="json"), settings.landing.model_dump(mode="json")]
    limits = json.dumps(given, sort_keys=True)
    return {
        "delivery": delivery_fingerprint(settings.landing_root, feed.kind, ds),
        "contract": feed.table.digest,
        "landing_contract": feed.landing.digest,
        "limits": hashlib.sha256(limits.encode()).hexdigest(),
    }


def open_dates(feed: Feed, settings: Settings, ledger: Ledger, ds: dt.date) -> list[dt.date]:
    """``ds``, if it was delivered, and every older arrival date that has not been loaded yet, ascending.

    Raises:
        SourceError: ``ds`` must have a delivery and has none.
    """
    arrived = [date for date in arrival_dates(settings.landing_root, feed.kind) if date <= ds]
    optional = feed.table.extensions.delivery == "optional" and bool(arrived)
    if ds not in arrived and not optional:
        newest = f"the newest is from {arrived[-1]}" if arrived else "there is none at all"
        raise SourceError(
            f"no {feed.kind} delivery for {ds} under {settings.landing_root}; {newest}",
            do=f"deliver {feed.kind}/arrival_date={ds}/ (layout: schemas/{feed.landing.name}.yaml)",
        )
    loaded = {date for date, row in ledger.successes(feed.job).items() if row.writes}
    return [date for date in arrived if date == ds or date not in loaded]


def list_files(
    feed: Feed, settings: Settings, dates: Sequence[dt.date]
) -> tuple[list[SourceFile], list[str]]:
    """Files of the deliveries, by date and name, and a line for each file that is not read.

    Raises:
        SourceError: a delivery has no file, or one that is not read (setting ``landing.unread_files``).
    """
    files, unread = [], []
    for date in dates:
        entries = delivery_entries(settings.landing_root, feed.kind, date)
        found = [one for one in entries if not one.unread]
        left = [one for one in entries if one.unread]
        refused = [one for one in left if one.size and not one.hidden]
        if refused and settings.landing.unread_files == "refuse":
            raise SourceError(
                f"{feed.kind} {date}: {len(refused)} of {len(entries)} files are not read, for example "
                f"{refused[0].name}: {refused[0].unread}",
                do="rename or convert them (.jsonl, .csv, .parquet, also compressed), remove them, or allow "
                'it: [landing] unread_files = "name"',
            )
        if not found:
            raise SourceError(
                f"{feed.kind} {date}: the delivery has no files, 0 rows{_beside(left)}",
                do="deliver it again or remove its folder; nothing was written, the table stays as it was",
            )
        if left:
            unread.append(f"{feed.kind} {date}: {len(left)} files not read: {_names(left)}")
        files += [SourceFile(one.path, one.name, date) for one in found]
    return files, unread


def misnamed_folders(feed: Feed, settings: Settings) -> list[str]:
    """A line about folders that are probably deliveries, but whose name nothing reads."""
    names = misnamed(settings.landing_root, feed.kind)
    if not names:
        return []
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    shown = printable(", ".join(names[:SHOWN]) + more)
    return [
        f"LOST {len(names)} entries beside the deliveries of {feed.kind} are not read ({shown}): name their "
        f"folders {feed.kind}/arrival_date=YYYY-MM-DD"
    ]


def _beside(left: Sequence[LandingEntry]) -> str:
    return f", beside {_names(left)}, not read" if left else ""


def _names(left: Sequence[LandingEntry]) -> str:
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    return printable(", ".join(one.name for one in left[:SHOWN]) + more)
