"""Eight days replayed in order, out of order and twice: the content depends on the deliveries alone.

Four nights run in order: each loads its own delivery and that of the night before, which did not run.
"""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import Observation
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.arrivals import events_upto, known_items
from causalrec.dataset.behaviour import arrived
from causalrec.dataset.inputs import arrived_digests
from causalrec.dataset.interactions import interactions, period_starts, positive_events
from causalrec.ingest.events import ingest_events
from causalrec.lake import Lake, Ledger, Written
from causalrec.lake.bridge import write_frame
from causalrec.lake.record.ledger import late_rows, new_row

from .shop import product, put

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

FIRST = dt.date(2026, 3, 1)
DAYS = [FIRST + dt.timedelta(days=n) for n in range(8)]
NIGHTS = DAYS[1::2]
BUILT = [DAYS[3], DAYS[7]]
ITEMS = 7


def delivered(n: int) -> Iterable[dict[str, object]]:
    """Day ``n``: events of the day, one of three days before, one that was delivered before, a bad one."""
    for k in range(4):
        day = n - 1 if k == 0 and n and n % 2 == 0 else n  # every other day repeats the last one's first
        late = 3 if k == 3 and n >= 3 else 0
        yield {
            "event_id": f"e{day * 4 + k}",
            "event_time": f"{DAYS[day - late]}T{10 + k}:00:00+01:00",
            "user_id": f"u{(day + k) % 5}",
            "item_id": f"i{(day * 3 + k) % ITEMS}",
            "event_type": "purchase" if k % 2 else "cart",
        }
    yield {"event_id": f"bad{n}", "event_time": f"{DAYS[n]}T12:00:00", "user_id": "u", "item_id": "i"}


@dataclass
class Shop:
    """One lake; all lakes of the test read the same landing zone."""

    settings: Settings
    spark: "SparkSession"

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_root)

    def night(self, ds: dt.date) -> None:
        """The ingest of one night, recorded as its job does."""
        ledger, now = Ledger(self.lake), dt.datetime.now(dt.UTC)
        done = ingest_events(self.settings, self.lake, ledger, self.spark, ds)
        ledger.record(
            [
                new_row(
                    job="ingest_events", ds=day, started_at=now, seconds=0, cpu_seconds=0, outcome=outcome,
                    failed=False, fingerprint="", inputs={}, code_version="0",
                )
                for day, outcome in done.items()
            ]
        )  # fmt: skip

    def build(self, ds: dt.date) -> Written:
        """The interactions of one date."""
        chosen = self.settings.dataset
        events = events_upto(
            self.spark, self.lake.table("events"), ds, chosen.history_days, known=chosen.known
        )
        items = known_items(self.spark, self.lake.table("products"), ds)
        positives = positive_events(arrived(events, chosen), items, chosen, Observation())
        pairs = interactions(positives, chosen, period_starts(positives, chosen))
        table = self.lake.table("interactions")
        (written,) = write_frame(pairs.withColumn("ds", F.lit(ds)), table, [{"ds": ds.isoformat()}])
        return written

    def content(self) -> dict[str, str]:
        """Digest of every partition of events and quarantine, of the newest run that wrote it."""
        ledger = Ledger(self.lake)
        return ledger.partition_digests("events") | ledger.partition_digests("quarantine")


def shop_at(work: Path, landing: Path, spark: "SparkSession", **dataset: object) -> Shop:
    settings = Settings.model_validate(
        {"paths": {"work": work, "landing": str(landing)}, "dataset": dataset, "ingest": {"lateness_days": 5}}
    )
    shop = Shop(settings, spark)
    if not shop.lake.table("products").exists():
        put(shop.lake, "products", str(FIRST), [product(f"i{n}") for n in range(ITEMS)])
    return shop


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("landing")
    for n, day in enumerate(DAYS):
        folder = root / "events" / f"arrival_date={day}"
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in delivered(n)))
    return root


def test_in_order_out_of_order_and_twice(landing: Path, tmp_path: Path, spark: "SparkSession") -> None:
    ordered = shop_at(tmp_path / "ordered", landing, spark)
    built = {}
    for day in NIGHTS:
        ordered.night(day)
        if day in BUILT:
            built[day] = ordered.build(day).digest  # what that night knew
    mixed = shop_at(tmp_path / "mixed", landing, spark)
    for day in (DAYS[5], DAYS[7], DAYS[3]):  # nights that waited, newer ones first, an old one again
        mixed.night(day)
    assert mixed.content() == ordered.content()
    assert len(mixed.content()) == 2 * len(DAYS)
    assert {day: mixed.build(day).digest for day in reversed(BUILT)} == built

    versions = {name: mixed.lake.table(name).version() for name in ("events", "quarantine", "interactions")}
    mixed.night(DAYS[3])
    assert mixed.build(DAYS[3]).changed is False
    assert {name: mixed.lake.table(name).version() for name in versions} == versions

    # what is known today of an old date: late events count on the date on which they happened
    late = late_rows(Ledger(mixed.lake).successes("ingest_events").values())
    assert late[str(DAYS[3])] == {str(DAYS[4]): 1, str(DAYS[6]): 1}  # delivered again, delivered late
    assert len(late) == len(DAYS) - 2  # nothing of the last two days came late
    today = shop_at(tmp_path / "mixed", landing, spark, known="today")
    assert today.build(DAYS[3]).digest != built[DAYS[3]]
    touched = {name for name, _ in arrived_digests(Ledger(mixed.lake), "events", DAYS[3], "today")}
    assert touched == {f"arrival_date={day}" for day in DAYS[:7]}
    again = mixed.build(DAYS[3])
    assert (again.digest, again.changed) == (built[DAYS[3]], True)  # a backfill knows what that night knew
