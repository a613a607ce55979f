"""Which version awaits approval, according to the tables; MLflow is not needed."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from causalrec.lake import LedgerRow
from causalrec.lake.record.ledger import DONE
from causalrec.registry.champion.promotions import Decision

WAITING = "waiting"
"""Counter of the stage ``promote``: the version that passed the gate and awaits approval."""
APPROVE = "answer the approval task of the training DAG, or run causalrec promote"
STAGES = ("train", "promote")


@dataclass(frozen=True)
class Waits:
    """A version that passed the gate, and since when it has been waiting."""

    version: int
    since: dt.datetime


def who_waits(rows: Iterable[LedgerRow], decided: Sequence[Decision]) -> Waits | None:
    """The challenger of the newest training, if it passed the gate and nobody has answered yet.

    Args:
        rows: of the ledger, oldest first.
        decided: all decisions. A decision to postpone is not an answer.
    """
    mine = [row for row in rows if row.job in STAGES and row.status in DONE]
    version = int(mine[-1].counters.get(WAITING, 0)) if mine else 0
    answered = any(one.by_hand and one.version == str(version) and one.word != "left" for one in decided)
    if not version or answered:
        return None
    return Waits(version, next(row.finished_at for row in mine if row.counters.get(WAITING) == version))
