"""Shim for one release: models registered before the move to ranking import the engine from here."""

from causalrec.ranking.engine import Engine

__all__ = ["Engine"]
