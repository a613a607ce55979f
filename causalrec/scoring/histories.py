"""The former place of :mod:`causalrec.ranking.histories`; models registered before the move import it here."""

from causalrec.ranking.histories import Histories, from_positions

__all__ = ["Histories", "from_positions"]
