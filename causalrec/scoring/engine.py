"""The former place of :mod:`causalrec.ranking.engine`; models registered before the move import it from here."""

from causalrec.ranking.engine import Engine

__all__ = ["Engine"]
