"""Shim for one release: models registered before the move to ranking import histories from here."""

from causalrec.ranking.histories import Histories, from_positions

__all__ = ["Histories", "from_positions"]
