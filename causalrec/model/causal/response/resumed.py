"""What a fit reuses from another one to nearly the same looks."""

from dataclasses import dataclass, replace

import numpy as np

from causalrec.dataset.arrays import Ints
from causalrec.model.base import ServingTables
from causalrec.model.causal.response.item_facts import Codes
from causalrec.model.causal.response.last_draw import LastDraw
from causalrec.model.causal.response.part import ResponsePart


@dataclass(frozen=True)
class Resumed:
    """In the numbering of the new data.

    Attributes:
        last: the last draw of the earlier fit.
        codes: its findings about the items; None if the items have changed, since traces of an erased item in
            the whitening and in the codes of other items can only be removed by fitting them again.
        sweeps: how many to add.
    """

    last: LastDraw
    codes: Codes | None
    sweeps: int

    @staticmethod
    def of(
        part: ResponsePart, tables: ServingTables, rows: tuple[Ints, Ints], sweeps: int
    ) -> "Resumed | None":
        """From a fitted model; None for models of older code, which did not store a last draw.

        Args:
            rows: there, of each user and each item of the new data; -1 for one that is not there.
        """
        if part.last is None:
            return None
        users, items = rows
        same = np.array_equal(np.sort(items), np.arange(part.items.shape[0]))
        codes = _codes(part, tables, items) if same else None
        return Resumed(part.last.renumbered(users, items), codes, sweeps)

    def with_codes_of(self, part: ResponsePart, tables: ServingTables) -> "Resumed":
        """The same start with the findings about the items from a fit to the new data."""
        return replace(self, codes=_codes(part, tables, np.arange(part.items.shape[0], dtype=np.int32)))


def _codes(part: ResponsePart, tables: ServingTables, items: Ints) -> Codes:
    return Codes((tables.coarse[items], tables.fine[items]), tuple(tables.code_names), part.whitenings)
