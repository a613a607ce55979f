"""Where the ledger's rows go as OpenLineage events."""

from typing import Literal

from pydantic import Field

from causalrec.config.section import FolderOrUri, Section


class LineageSettings(Section):
    """OpenLineage: a file of one event per line, a server such as Marquez, or nothing."""

    transport: Literal["file", "http", "none"] = Field(
        "file",
        description="file writes files, http posts to a server such as Marquez, none sends nothing",
    )
    file: FolderOrUri = Field(
        "lineage/events.jsonl",
        description="file of one OpenLineage event per line: a path in paths.store, or a URI; an object "
        "store gets a folder of that name without .jsonl instead, with one file per event",
    )
    url: str = Field("", description="base address of the server")
    timeout_s: float = Field(
        5.0, gt=0, description="seconds for the server to answer; an event that it does not take fails no job"
    )
