"""Delta tables: open at a version, replace partitions, read back, ledger, Spark bridge."""

from causalrec.lake.lake import Lake
from causalrec.lake.outcome import Outcome, Pin, Written
from causalrec.lake.record.ledger import Ledger, LedgerRow
from causalrec.lake.table import LakeTable

__all__ = ["Lake", "LakeTable", "Ledger", "LedgerRow", "Outcome", "Pin", "Written"]
