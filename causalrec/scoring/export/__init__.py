"""Copies of a published night in the stores that shops serve from."""

from causalrec.scoring.export.night import Night, NightTable, read_night
from causalrec.scoring.export.outcome import Exported, Progress, RowsDone, silent

__all__ = ["Exported", "Night", "NightTable", "Progress", "RowsDone", "read_night", "silent"]
