"""The sampled events beside the sampled catalogue: items that no product row has."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from causalrec.config import Settings
from causalrec.ingest.gate import too_many_unknown
from causalrec.ingest.nearmiss import near_misses, told

Rows = Sequence[Mapping[str, Any]]


@dataclass
class Catalogue:
    """Item ids of the products that were checked, and whether these are all."""

    ids: set[str] = field(default_factory=set)
    whole: bool = True

    def remarks(self, events: Rows) -> list[str]:
        """Remarks on items of events that are not among them; for a sample, on near misses only."""
        asked = {row["item_id"] for row in events}
        missing, known = pa.array(sorted(asked - self.ids), pa.string()), pa.array(sorted(self.ids))
        if not len(missing) or not (self.whole or near_misses(missing, known)):
            return []
        those = "of the catalogue" if self.whole else f"among the {len(known):,} products looked at"
        share = len(missing) / len(asked)
        return [
            f"{len(missing):,} of {len(asked):,} items of these events ({share:.1%}) are not {those}, "
            f"{told(missing, known)}"
        ]

    def refusals(self, events: Rows, day: dt.date, settings: Settings) -> list[str]:
        """Why a night would build no dataset of these events; nothing where the catalogue is a sample."""
        counted = [row for row in events if row["event_type"] in settings.dataset.event_weights]
        lost = sum(row["item_id"] not in self.ids for row in counted)
        if not self.whole or not too_many_unknown(lost, len(counted), settings.ingest):
            return []
        share, most = lost / len(counted), settings.ingest.max_unknown_items_share
        return [
            f"events {day}: {lost:,} of {len(counted):,} events ({share:.1%}) refer to items that no "
            f"catalogue has, at most {most:.1%} may -> map item_id of events and products to the same ids, "
            "deliver these items, or raise ingest.max_unknown_items_share"
        ]
