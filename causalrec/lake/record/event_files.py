"""OpenLineage events in an object store: one file per event, since object stores cannot append."""

from typing import Any

from openlineage.client.serde import Serde
from openlineage.client.transport import Transport

from causalrec.store import Location


class EventFiles(Transport):
    """Writes ``DATE/RUN-STATE.json`` below a folder; the date is that of the event, in UTC."""

    kind = "store"

    def __init__(self, folder: Location) -> None:
        self._folder = folder

    def emit(self, event: Any) -> None:  # noqa: ANN401 - the base class takes any event, this package sends runs
        """Write one run event.

        Raises:
            StoreError: the store does not respond.
        """
        name = f"{event.eventTime[:10]}/{event.run.runId}-{event.eventType.value}.json"
        self._folder.write(name, f"{Serde.to_json(event)}\n".encode())
