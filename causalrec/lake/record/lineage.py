"""The ledger's rows as OpenLineage events: what a job read and wrote, for any catalogue.

One START and one COMPLETE or FAIL per row. Format: https://openlineage.io/spec/2-0-2/OpenLineage.json
"""

import datetime as dt
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from causalrec.config import Settings
from causalrec.errors import SettingsError
from causalrec.lake.record.ledger import LedgerRow
from causalrec.lake.record.lineage_facets import output_facets, run_facets, version_facets

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent
    from openlineage.client.transport import Transport

PRODUCER = "https://github.com/causalrec/causalrec"
INGEST = "ingest_"


@dataclass(frozen=True)
class Names:
    """How the events name things: the shop as namespace of jobs, roots of the lake and the landing zone."""

    shop: str
    lake_root: str
    landing_root: str


def emit(rows: Sequence[LedgerRow], settings: Settings) -> str | None:
    """Send the events of ``rows``; None, or why they were not taken (a catalogue must not fail a job).

    Raises:
        SettingsError: the transport is ``http`` without a url.
    """
    if settings.lineage.transport == "none" or not rows:
        return None
    transport = _transport(settings)
    names = Names(settings.shop, settings.lake_root, settings.landing_root)
    try:
        for row in rows:
            for event in events_of(row, names):
                transport.emit(event)
    except (OSError, RuntimeError) as error:  # the errors of requests are OSErrors
        return f"lineage: {type(error).__name__}: {error}"[:300]
    return None


def events_of(row: LedgerRow, names: Names) -> "list[RunEvent]":
    """START and COMPLETE (or FAIL) of one ledger row."""
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

    run = Run(runId=str(UUID(row.run_id)), facets=run_facets(row))
    job = Job(namespace=names.shop, name=row.job)
    end = RunState.FAIL if row.status == "failed" else RunState.COMPLETE
    inputs, outputs = _inputs(row, names), _outputs(row, names)
    moments = ((RunState.START, row.started_at), (end, row.finished_at))
    return [
        RunEvent(
            eventType=state, eventTime=_time(at), run=run, job=job, producer=PRODUCER,
            inputs=inputs, outputs=outputs if state is end else [],
        )
        for state, at in moments
    ]  # fmt: skip


def _transport(settings: Settings) -> "Transport":
    from openlineage.client.transport.file import FileConfig, FileTransport
    from openlineage.client.transport.http import HttpConfig, HttpTransport

    chosen = settings.lineage
    if chosen.transport == "http":
        if not chosen.url:
            raise SettingsError("lineage.transport is http, lineage.url is empty", do="set lineage.url")
        return HttpTransport(HttpConfig(url=chosen.url, timeout=chosen.timeout_s, retry={"total": 1}))
    file = settings.lineage_file
    if "://" not in file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    return FileTransport(FileConfig(log_file_path=file, append=True))


def _inputs(row: LedgerRow, names: Names) -> "list[InputDataset]":
    from openlineage.client.event_v2 import InputDataset

    found = []
    for table, version in sorted({(pin["table"], pin["version"]) for pin in row.reads}):
        namespace, name = _dataset(posixpath.join(names.lake_root, table))
        found.append(InputDataset(namespace=namespace, name=name, facets=version_facets(str(version))))
    if "delivery" in row.inputs and row.job.startswith(INGEST):  # files, known by the digest of the delivery
        kind = row.job.removeprefix(INGEST)
        folder = posixpath.join(names.landing_root, kind, f"arrival_date={row.ds}")
        namespace, name = _dataset(folder)
        found.append(
            InputDataset(namespace=namespace, name=name, facets=version_facets(row.inputs["delivery"]))
        )
    return found


def _outputs(row: LedgerRow, names: Names) -> "list[OutputDataset]":
    from openlineage.client.event_v2 import OutputDataset

    found = []
    for written in row.writes:
        namespace, name = _dataset(posixpath.join(names.lake_root, written["table"]))
        found.append(
            OutputDataset(
                namespace=namespace,
                name=name,
                facets=version_facets(str(written["version"])),
                outputFacets=output_facets(written["rows"], written["bytes"]),
            )
        )
    return found


def _dataset(location: str) -> tuple[str, str]:
    """Namespace and name by OpenLineage's rule: ``file`` and a path, or ``s3://bucket`` and a key."""
    if "://" not in location:
        return "file", location
    scheme, _, rest = location.partition("://")
    host, _, key = rest.partition("/")
    return f"{scheme}://{host}", key


def _time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
