"""The ledger's rows as OpenLineage events: what a job read and wrote, for any catalogue.

START when a stage starts; COMPLETE or FAIL when it ends, with everything in its ledger row. A
stage that works on several dates is one run per date. Format:
https://openlineage.io/spec/2-0-2/OpenLineage.json
"""

import datetime as dt
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from causalrec.config import Settings
from causalrec.contracts import load_contract
from causalrec.errors import SettingsError, StoreError
from causalrec.lake.record.ledger import LedgerRow
from causalrec.lake.record.lineage_facets import (
    Parent,
    check_facets,
    contract_facets,
    output_facets,
    run_facets,
    start_facets,
    version_facets,
)

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent, RunState
    from openlineage.client.generated.base import DatasetFacet, RunFacet
    from openlineage.client.transport import Transport

PRODUCER = "https://github.com/causalrec/causalrec"
INGEST = "ingest_"


@dataclass(frozen=True)
class Names:
    """Names in the events: the shop as namespace of jobs, roots of the lake and the landing zone."""

    shop: str
    lake_root: str
    landing_root: str


class Lineage:
    """Sends the events of one stage. A catalogue that rejects them does not fail the job."""

    def __init__(self, settings: Settings, parent: Parent | None = None) -> None:
        self._settings, self._parent = settings, parent
        self._names = Names(settings.shop, settings.lake_root, settings.landing_root)
        self._started: set[str] = set()

    def start(self, run_id: str, job: str, ds: dt.date, at: dt.datetime) -> str | None:
        """Report that run ``run_id`` of ``job`` has started; None, or why the event was not accepted.

        Raises:
            SettingsError: the transport is ``http`` without a url.
        """
        self._started.add(run_id)
        return self._send([self._start(run_id, job, ds, at)])

    def end(self, rows: Sequence[LedgerRow]) -> str | None:
        """Report how runs ended, and first that they started if that is missing; None, or why it failed.

        Raises:
            SettingsError: the transport is ``http`` without a url.
        """
        events: list[RunEvent] = []
        for row in rows:
            if row.run_id not in self._started:
                events.append(self._start(row.run_id, row.job, row.ds, row.started_at))
            events.append(self._end(row))
        return self._send(events)

    def _start(self, run_id: str, job: str, ds: dt.date, at: dt.datetime) -> "RunEvent":
        from openlineage.client.event_v2 import RunState

        return self._event(RunState.START, at, run_id, job, start_facets(ds, self._parent))

    def _end(self, row: LedgerRow) -> "RunEvent":
        from openlineage.client.event_v2 import RunState

        state = RunState.FAIL if row.status == "failed" else RunState.COMPLETE
        event = self._event(state, row.finished_at, row.run_id, row.job, run_facets(row, self._parent))
        event.inputs, event.outputs = _inputs(row, self._names), _outputs(row, self._names)
        return event

    def _event(
        self, state: "RunState", at: dt.datetime, run_id: str, job: str, facets: "dict[str, RunFacet]"
    ) -> "RunEvent":
        from openlineage.client.event_v2 import Job, Run, RunEvent

        return RunEvent(
            eventType=state,
            eventTime=at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            run=Run(runId=str(UUID(run_id)), facets=facets),
            job=Job(namespace=self._names.shop, name=job),
            producer=PRODUCER,
        )

    def _send(self, events: "Iterable[RunEvent]") -> str | None:
        if self._settings.lineage.transport == "none":
            return None
        transport = _transport(self._settings)
        try:
            for event in events:
                transport.emit(event)
        except (OSError, RuntimeError, StoreError) as error:  # the errors of requests are OSErrors
            return f"lineage: {type(error).__name__}: {error}"[:300]
        return None


def _transport(settings: Settings) -> "Transport":
    from openlineage.client.transport.file import FileConfig, FileTransport
    from openlineage.client.transport.http import HttpConfig, HttpTransport

    chosen = settings.lineage
    if chosen.transport == "http":
        if not chosen.url:
            raise SettingsError("lineage.transport is http, lineage.url is empty", do="set lineage.url")
        return HttpTransport(HttpConfig(url=chosen.url, timeout=chosen.timeout_s, retry={"total": 1}))
    file = settings.lineage_file
    if "://" in file:
        from causalrec.lake.record.event_files import EventFiles

        return EventFiles(settings.lineage_folder)
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    return FileTransport(FileConfig(log_file_path=file, append=True))


def _inputs(row: LedgerRow, names: Names) -> "list[InputDataset]":
    from openlineage.client.event_v2 import InputDataset

    found = []
    for table, version in sorted({(pin["table"], pin["version"]) for pin in row.reads}):
        namespace, name = _dataset(posixpath.join(names.lake_root, table))
        found.append(InputDataset(namespace=namespace, name=name, facets=_table_facets(table, version)))
    # files, identified by the digest of the delivery
    if "delivery" in row.inputs and row.job.startswith(INGEST):
        kind = row.job.removeprefix(INGEST)
        folder = posixpath.join(names.landing_root, kind, f"arrival_date={row.ds}")
        namespace, name = _dataset(folder)
        facets = version_facets(row.inputs["delivery"]) | contract_facets(load_contract(f"landing_{kind}"))
        checks = check_facets(row, load_contract(kind))
        found.append(InputDataset(namespace=namespace, name=name, facets=facets, inputFacets=checks))
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
                facets=_table_facets(written["table"], written["version"]),
                outputFacets=output_facets(written["rows"], written["bytes"]),
            )
        )
    return found


def _table_facets(table: str, version: int) -> "dict[str, DatasetFacet]":
    return version_facets(str(version)) | contract_facets(load_contract(table))


def _dataset(location: str) -> tuple[str, str]:
    """Namespace and name by OpenLineage's rule: ``file`` and a path, or ``s3://bucket`` and a key."""
    if "://" not in location:
        return "file", location
    scheme, _, rest = location.partition("://")
    host, _, key = rest.partition("/")
    return f"{scheme}://{host}", key
