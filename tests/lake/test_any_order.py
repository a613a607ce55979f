"""Whatever happens in whatever order, the content of the tables depends on the inputs and the code alone."""

import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from causalrec.config.lake import LakeSettings
from causalrec.lake import Lake, LakeTable
from causalrec.lake.digest import digest_of
from causalrec.lake.snapshot import DataFile
from causalrec.lake.upkeep.rewrite import compact
from causalrec.lake.upkeep.vacuum import vacuum

from .deaths import COMMITTED, HOSTS, POINTS, Host, Point, replace_and_die, skewed
from .tables import CONTRACTS, rows

pytestmark = pytest.mark.slow

DAYS = st.sampled_from([f"2026-03-0{day}" for day in range(1, 5)])
IDS = st.frozensets(st.sampled_from("abcdefgh"), min_size=1)


def delivery(ids: frozenset[str]) -> pa.Table:
    """The rows of one delivery; which order they come in must not matter."""
    return rows(*ids, n=[ord(one) for one in ids])


class Nights(RuleBasedStateMachine):
    """``sales`` holds deliveries by arrival day, ``two_keys`` what each run date knew, ``log`` lines.

    The model is the deliveries alone: what the tables must hold follows from them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="lake-")
        small = LakeSettings(max_files_per_partition=2, vacuum_hours=0, log_days=0)
        self.lake = Lake(f"{self.folder}/lake", small, CONTRACTS.__getitem__)
        self.sales, self.known = self.lake.table("sales"), self.lake.table("two_keys")
        self.inputs: dict[str, frozenset[str]] = {}
        self.lines: list[str] = []
        self.pinned: dict[int, str] = {}
        self.hours, self.skews = 0, False

    def teardown(self) -> None:
        for day in self.inputs:
            self.backfill(day)
        for day in self.inputs:
            found = self.known.read({"kind": ["known"], "ds": [day]})["n"].to_pylist()
            assert sorted(found) == self.knowledge(day)
        shutil.rmtree(self.folder)

    def knowledge(self, day: str) -> list[int]:
        """What a run of ``day`` knows: everything that had arrived by then."""
        return sorted({ord(one) for arrived, ids in self.inputs.items() if arrived <= day for one in ids})

    @rule(day=DAYS, ids=IDS)
    def ingest(self, day: str, ids: frozenset[str]) -> None:
        """A delivery, or a corrected one of the same day, whichever came before."""
        self.inputs[day] = ids
        with skewed(self.hours):
            self.sales.replace(delivery(ids), {"ds": day})

    @initialize(ids=IDS)
    def first_night(self, ids: frozenset[str]) -> None:
        """There is always something to retry."""
        self.ingest("2026-03-01", ids)

    @rule(data=st.data(), ids=IDS)
    def late_data(self, data: st.DataObject, ids: frozenset[str]) -> None:
        """More rows for a day that was ingested already."""
        day = data.draw(st.sampled_from(sorted(self.inputs)))
        self.ingest(day, self.inputs[day] | ids)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        """The same again: no new version."""
        day = data.draw(st.sampled_from(sorted(self.inputs)))
        version = self.sales.version()
        assert not self.sales.replace(delivery(self.inputs[day]), {"ds": day}).changed
        assert self.sales.version() == version

    @rule(day=DAYS)
    def backfill(self, day: str) -> None:
        """What a run date knows is worked out from the table, not from the model."""
        arrived = self.sales.upto("ds", day) if self.sales.exists() else []
        found = self.sales.read({"ds": arrived}, ["n"])["n"].unique() if arrived else pa.array([], pa.int64())
        data = pa.table({"n": found})
        self.known.replace(data, {"kind": "known", "ds": day}, allow_empty=True)

    @rule(
        day=DAYS,
        ids=IDS,
        point=st.sampled_from(POINTS),
        host=st.sampled_from(HOSTS),
        ahead=st.integers(-9, 9),
    )
    def killed(self, day: str, ids: frozenset[str], point: Point, host: Host, ahead: int) -> None:
        """A writer whose clock is ``ahead`` of the others' (hours) dies; after its commit its rows count."""
        self.skews |= ahead != 0
        with skewed(self.hours + ahead):
            replace_and_die(self.sales, delivery(ids), day, point, host)
        if point in COMMITTED:
            self.inputs[day] = ids

    @rule(hours=st.integers(-9, 9))
    def step(self, hours: int) -> None:
        """The clock of everybody jumps, forth or back."""
        self.hours += hours
        self.skews |= hours != 0

    @rule()
    def log(self) -> None:
        """An append."""
        self.lines.append(str(len(self.lines)))
        with skewed(self.hours):
            self.lake.table("log").append(pa.table({"line": self.lines[-1:], "source": ["a"]}))

    @rule()
    def compact(self) -> None:
        for name in ("sales", "two_keys", "log"):
            compact(self.lake.table(name))

    @rule(day=DAYS, ids=IDS)
    def pin(self, day: str, ids: frozenset[str]) -> None:
        """A model is trained on the newest version, and the table moves on."""
        self.pinned[self.sales.version()] = digest_of(self.sales.read()).hex
        self.ingest(day, ids)

    @rule()
    def vacuum(self) -> None:
        with skewed(self.hours):
            for _ in range(2):  # the first one only marks what died on another machine
                vacuum(self.sales, self.pinned)
            vacuum(self.known, ())
            vacuum(self.lake.table("log"), ())
        files = len(list(Path(self.sales.location.uri).glob("ds=*/*.parquet")))
        named = {file.path for version in [*self.pinned, None] for file in _files(self.sales, version)}
        assert files >= len(named)  # nothing pinned is gone
        assert self.skews or files == len(named)  # no orphan is left; by a wrong clock some are kept longer

    @invariant()
    def content_follows_from_the_inputs(self) -> None:
        stored = self.sales.read()
        for day, ids in self.inputs.items():
            mine = self.sales.read({"ds": [day]}).drop_columns(["ds"])
            assert digest_of(mine) == digest_of(delivery(ids))
        assert stored.num_rows == sum(map(len, self.inputs.values()))
        assert sorted(self.lake.table("log").read()["line"].to_pylist()) == sorted(self.lines)

    @invariant()
    def pins_hold(self) -> None:
        for version, digest in self.pinned.items():
            assert digest_of(self.sales.read(version=version)).hex == digest


def _files(table: LakeTable, version: int | None) -> tuple[DataFile, ...]:
    found = table.snapshot(version)
    return found.files if found else ()


TestNights = Nights.TestCase
TestNights.settings = settings(max_examples=8, stateful_step_count=12, deadline=None, derandomize=True)
