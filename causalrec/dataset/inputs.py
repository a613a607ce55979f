"""What the dataset of a date depends on, as the ledger knows it."""

import datetime as dt

from causalrec.dataset.arrivals import Known
from causalrec.lake import Ledger
from causalrec.lake.record.ledger import late_rows


def arrived_digests(ledger: Ledger, table: str, ds: dt.date, known: Known) -> list[tuple[str, str]]:
    """Partition and digest of every arrival that a run for ``ds`` reads, ascending.

    With ``known = today`` this includes later ones: of events, those with rows from ``ds`` or before, so that
    late data makes a date stale but a new night does not; of other tables, all.
    """
    if known == "then":
        return sorted(ledger.partition_digests(table, upto=ds).items())
    digests = sorted(ledger.partition_digests(table).items())
    if table != "events":
        return digests
    late = late_rows(ledger.successes("ingest_events").values())
    touching = {arrival for event, found in late.items() if event <= ds.isoformat() for arrival in found}
    return [pair for pair in digests if (day := _arrival(pair[0])) <= ds.isoformat() or day in touching]


def embedded(ledger: Ledger, job: str, ds: dt.date, known: Known) -> str:
    """Fingerprint of the available embeddings: those of ``ds``, else the newest; '' if there are none."""
    if known == "then":
        last = ledger.last_success(job, ds)
        return "" if last is None else last.fingerprint
    done = ledger.successes(job)
    return done[max(done)].fingerprint if done else ""


def _arrival(partition: str) -> str:
    return partition.rpartition("arrival_date=")[2]
