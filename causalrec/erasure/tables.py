"""A table of the lake with its history and log."""

from dataclasses import dataclass

from causalrec.erasure.store import Found
from causalrec.lake.table import LakeTable
from causalrec.lake.upkeep.erase import erase_rows
from causalrec.lake.upkeep.subject import Subject


@dataclass(frozen=True)
class TableStore:
    """Rows of the newest version, files of older ones, entries of the log."""

    table: LakeTable

    @property
    def name(self) -> str:
        """``table NAME``."""
        return f"table {self.table.name}"

    def find(self, subject: Subject) -> Found:
        """Counts rows, files of older versions and entries of the log."""
        found = erase_rows(self.table, subject, really=False)
        return Found.of(rows=found.rows, old_files=found.old_files, log_entries=found.log_entries)

    def erase(self, subject: Subject) -> None:
        """Raises ConflictError if another writer replaced a partition meanwhile."""
        erase_rows(self.table, subject, really=True)
