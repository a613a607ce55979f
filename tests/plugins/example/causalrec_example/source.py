"""A source: parcels that left the house become purchases in the landing zone."""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.sources.files import put
from causalrec.sources.marker import Marker, read_marker, write_marker
from causalrec.sources.progress import Steps

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Parcels:
    """Reads ``parcels.csv`` (day, number, customer, article) in the folder ``source.raw``."""

    def fingerprint(self, settings: Settings) -> str:
        """Hash of the file."""
        return hashlib.sha256(self._file(settings).read_bytes()).hexdigest()

    def land(
        self, settings: Settings, progress: Steps, spark: "Callable[[], SparkSession] | None"
    ) -> tuple[Marker, bool]:
        """One delivery of events per day, and one of products."""
        now = self.fingerprint(settings)
        marker = read_marker(settings.landing_root)
        if marker is not None and marker.complete and marker.fingerprint == now:
            return marker, False
        days: dict[str, list[dict[str, str]]] = defaultdict(list)
        with self._file(settings).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                days[row["day"]].append(row)
        for day, rows in sorted(days.items()):
            self._write(settings, "events", day, [self._event(row) for row in rows])
        articles = {row["article"] for rows in days.values() for row in rows}
        self._write(
            settings, "products", min(days), [self._product(one, min(days)) for one in sorted(articles)]
        )
        marker = Marker("example", now, True, min(days), max(days), len(days) + 1)
        write_marker(settings.landing_root, marker)
        return marker, True

    def _file(self, settings: Settings) -> Path:
        file = Path(settings.source.raw or ".") / "parcels.csv"
        if not file.is_file():
            raise SourceError(f"{file} is not a file", do="set source.raw to the folder of parcels.csv")
        return file

    def _event(self, row: dict[str, str]) -> dict[str, str]:
        return {
            "event_id": row["number"],
            "event_time": f"{row['day']}T12:00:00Z",
            "user_id": row["customer"],
            "item_id": row["article"],
            "event_type": "purchase",
        }

    def _product(self, article: str, day: str) -> dict[str, str]:
        return {"item_id": article, "title": f"article {article}", "updated_at": f"{day}T00:00:00Z"}

    def _write(self, settings: Settings, kind: str, day: str, rows: list[dict[str, str]]) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        put(f"{settings.landing_root}/{kind}/arrival_date={day}/rows.jsonl", lines.encode())
