"""Where the ledger's rows go as OpenLineage events."""

from typing import Literal

from pydantic import Field

from causalrec.config.sections import Section


class LineageSettings(Section):
    """OpenLineage: a file of one event per line, a server such as Marquez, or nothing.

    Attributes:
        transport: ``file`` appends to ``file``, ``http`` posts to ``url``.
        file: relative to the work folder, or a URI of a store that can append.
        url: base address of the server.
        timeout_s: patience with the server; an event that is not taken is said, never an error of the job.
    """

    transport: Literal["file", "http", "none"] = "file"
    file: str = "lineage/events.jsonl"
    url: str = ""
    timeout_s: float = Field(5.0, gt=0)
