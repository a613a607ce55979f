"""Dead writers are cleared away by versions and processes alone, whatever the clocks say."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from causalrec.errors import ConflictError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.attempt import Attempt, attempt, clear, notes
from causalrec.lake.commit import commit_replacement
from causalrec.lake.process import Process, this_process
from causalrec.lake.upkeep.vacuum import trim_log, vacuum

from .deaths import COMMITTED, DEAD, HOSTS, POINTS, Host, Point, replace_and_die, skewed
from .tables import ids, rows

pytestmark = pytest.mark.slow

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}


@pytest.fixture
def sales(make_lake: Callable[..., Lake]) -> LakeTable:
    return make_lake(vacuum_hours=0).table("sales")


def data_files(table: LakeTable) -> list[str]:
    return sorted(str(path.name) for path in Path(table.location.uri).rglob("ds=*/*.parquet"))


def listed(table: LakeTable) -> list[str]:
    return table.location.listing("_attempts")


CLOCKS = [(2.0, 0.0), (-3.0, 0.0), (0.0, -5.0), (0.0, 48.0)]
PLACES = [("here", hours) for hours in CLOCKS] + [(host, CLOCKS[-1]) for host in HOSTS if host != "here"]


@pytest.mark.parametrize(("host", "hours"), PLACES)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_under_any_clock(
    sales: LakeTable, point: Point, host: Host, hours: tuple[float, float]
) -> None:
    """The writer's clock and the next one's differ; another partition is written between both."""
    sales.replace(rows("old"), DAY)
    with skewed(hours[0]):
        replace_and_die(sales, rows("new", "newer"), "2026-03-01", point, host)
    expected = ["new", "newer"] if point in COMMITTED else ["old"]
    with skewed(hours[1]):
        sales.replace(rows("x"), NEXT)
        assert ids(sales, ds="2026-03-01") == expected
        assert not sales.replace(rows(*expected), DAY).changed  # clears away what died here
        assert ids(sales, ds="2026-03-01") == expected
        for _ in range(2):
            vacuum(sales, ())
    assert ids(sales, ds="2026-03-01") == expected
    assert listed(sales) == []
    named = {file.path.rpartition("/")[2] for file in sales.created().files}
    assert named <= set(data_files(sales))


def test_one_of_another_machine_is_cleared_at_the_second_upkeep(sales: LakeTable) -> None:
    sales.replace(rows("old"), DAY)
    replace_and_die(sales, rows("new"), "2026-03-01", "before the commit", "elsewhere")
    orphans = set(data_files(sales)) - {file.path.rpartition("/")[2] for file in sales.created().files}
    vacuum(sales, ())
    assert orphans <= set(data_files(sales))
    assert [name.rpartition(".")[2] for name in listed(sales)] == ["json", "passed"]
    version = sales.version()
    assert vacuum(sales, ()).files == 1
    assert (len(data_files(sales)), listed(sales), sales.version()) == (1, [], version + 1)


def test_one_taken_for_dead_cannot_commit(sales: LakeTable) -> None:
    """It lived after all: refused, whatever it had written, and no version names a file that is gone."""
    sales.replace(rows("old"), DAY)
    seen = sales.created()
    with pytest.raises(ConflictError, match=r"took this writer for dead in version 2"):
        _write_through_two_upkeeps(sales)
    assert (ids(sales), sales.created().location.missing([file.path for file in seen.files])) == (["old"], [])
    assert sales.replace(rows("late"), DAY).changed


def _write_through_two_upkeeps(sales: LakeTable) -> None:
    seen = sales.created()
    day = sales.normalise(DAY)
    with attempt(sales.location, [day], seen.version) as this:
        _as_of(sales, this, DEAD["elsewhere"])
        for _ in range(2):
            vacuum(sales, ())
        new = sales.store(rows("late").append_column("ds", _days(sales)), this.id)
        commit_replacement(seen, [day], new, this.id, 3)


def _days(sales: LakeTable) -> object:
    import pyarrow as pa

    return pa.array(["2026-03-01"]).cast(sales.schema.field("ds").type)


def _as_of(sales: LakeTable, one: Attempt, process: Process) -> None:
    note = Path(sales.location.uri) / one.note
    tree = json.loads(note.read_text())
    tree |= {"host": process.host, "boot": process.boot, "process": process.life}
    note.write_text(json.dumps(tree))


def test_a_commit_that_the_log_no_longer_tells_of_keeps_its_files(sales: LakeTable) -> None:
    sales.replace(rows("old"), DAY)
    replace_and_die(sales, rows("new"), "2026-03-01", "before the note goes", "here")
    for text in "ab":
        sales.replace(rows(text), NEXT)
    (one,) = notes(sales.location)
    sales.created().delta.create_checkpoint()
    assert trim_log(sales.location, sales.version()) > 0
    assert clear(sales.location, one) == []
    assert (ids(sales, ds="2026-03-01"), listed(sales)) == (["new"], [])


def test_a_writer_at_work_keeps_its_files_however_old_they_look(sales: LakeTable) -> None:
    sales.replace(rows("old"), DAY)
    with attempt(sales.location, [DAY], sales.version()) as this:
        new = sales.store(rows("b").append_column("ds", _days(sales)), this.id)
        vacuum(sales, ())
        assert sales.location.missing([file.path for file in new]) == []


def test_processes() -> None:
    mine = this_process()
    assert mine.state == "alive"
    assert Process(mine.host, mine.boot, "1:0").state == "gone"
    assert Process(mine.host, "another boot", mine.life).state == "unknown"
    assert Process("elsewhere", mine.boot, mine.life).state == "unknown"
