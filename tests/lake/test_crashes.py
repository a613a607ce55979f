"""Writers that die, disks that fill, answers that get lost: the next run converges, readers see one state."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from causalrec.errors import LakeError
from causalrec.lake import Lake, LakeTable
from causalrec.lake.snapshot import Snapshot
from causalrec.lake.upkeep.erase import erase_rows
from causalrec.lake.upkeep.rewrite import compact
from causalrec.lake.upkeep.subject import Subject
from causalrec.lake.upkeep.vacuum import vacuum

from .tables import ids, rows

pytestmark = pytest.mark.slow

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}

PRELUDE = """
import os, signal, sys
from causalrec.config.lake import LakeSettings
from causalrec.lake import Lake, write
from causalrec.lake.upkeep import erase, rewrite
from causalrec.lake.upkeep.subject import Subject
from tests.lake.tables import CONTRACTS, rows
root, moment = sys.argv[1:]
lake = Lake(root, LakeSettings(max_files_per_partition=2), CONTRACTS.__getitem__)
def deadly(real, deaths=1):
    calls = []
    def die(*args, **options):
        calls.append(1)
        if moment == "after":
            real(*args, **options)
        if len(calls) == deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)
    return die
"""
COMPACTION = """
rewrite.commit_rewrite = deadly(rewrite.commit_rewrite)
rewrite.compact(lake.table("log"))
"""
ERASURE = """
erase.commit_rewrite = deadly(erase.commit_rewrite)
erase.erase_rows(lake.table("visits"), Subject.user("u1"), really=True)
"""
FULL_DISK = """
import random
from causalrec.errors import LakeError
sales = lake.table("sales")
big = [f"{random.Random(n).getrandbits(256):x}" for n in range(20_000)]
for names in (big, big):
    try:
        sales.replace(rows(*names), {"ds": "2026-03-02"})
    except LakeError as error:
        sys.stdout.write(f"{error}\\n")
left = [name for _, _, names in os.walk(root) for name in names if name.endswith(".parquet")]
print("left", len(left), "notes", len(sales.location.listing("_attempts")))
print("then", sales.replace(rows("new"), {"ds": "2026-03-01"}).rows)
"""


def python(
    code: str, lake_root: str, root: Path, moment: str = "", wrap: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Runs the code in a process of its own; ``wrap`` is a shell prefix ending in ``exec "$@"``."""
    command = [sys.executable, "-c", PRELUDE + code, lake_root, moment]
    shell = ["unshare", "-rm", "sh", "-c", wrap, "sh"] if wrap else []
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [*shell, *command], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def data_files(table: LakeTable) -> list[Path]:
    return sorted(Path(table.location.uri).rglob("*.parquet"))


@pytest.mark.parametrize(("moment", "files"), [("before", 5), ("after", 1)])
def test_killed_while_compacting(make_lake: Callable[..., Lake], root: Path, moment: str, files: int) -> None:
    lake = make_lake(max_files_per_partition=2, vacuum_hours=0)
    log = lake.table("log")
    lines = [f"line{number}" for number in range(5)]
    for text in lines:
        log.append(pa.table({"line": [text], "source": ["a"]}))
    assert python(COMPACTION, lake.root, root, moment).returncode == -signal.SIGKILL
    seen = log.created()
    assert (sorted(log.read()["line"].to_pylist()), len(seen.files)) == (lines, files)
    assert len(data_files(log)) == 6  # five small ones and the merged one, live or orphan
    compact(log)
    vacuum(log, ())
    assert sorted(log.read()["line"].to_pylist()) == lines
    assert (len(data_files(log)), log.location.listing("_attempts")) == (1, [])


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_erasing(lake: Lake, root: Path, moment: str) -> None:
    visits = lake.table("visits")
    visits.replace(pa.table({"user_id": ["u0", "u1"], "n": [1, 2], "raw": ["", ""]}), DAY)
    assert python(ERASURE, lake.root, root, moment).returncode == -signal.SIGKILL
    assert len(data_files(visits)) == 2  # with the user and without
    erase_rows(visits, Subject.user("u1"), really=True)
    vacuum(visits, ())
    assert visits.read()["user_id"].to_pylist() == ["u0"]
    assert len(data_files(visits)) == 1


def test_a_process_that_may_not_write_large_files(lake: Lake, root: Path) -> None:
    """A bound on file size fails in the middle of a file, like a disk that fills up, on every machine."""
    lake.table("sales").replace(rows("old"), DAY)
    limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
    said = python(limit + FULL_DISK, lake.root, root).stdout.splitlines()
    assert [line.split(":")[0].split(" /")[0] for line in said[:2]] == ["cannot write to"] * 2
    assert said[2:] == ["left 1 notes 0", "then 1"]
    assert ids(lake.table("sales")) == ["new"]


def test_a_full_disk(tmp_path: Path, root: Path) -> None:
    """A file system of 300 KB; it takes the small partition again once the large one was refused."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=300k none "{disk}" && exec "$@"'
    if shutil.which("unshare") is None or python("", str(disk), root, wrap=mount).returncode:
        pytest.skip("this machine lets nobody mount a small file system (unshare -rm)")
    said = python(FULL_DISK, str(disk / "lake"), root, wrap=mount).stdout.splitlines()
    assert all("No space left on device -> free space" in line for line in said[:2])
    assert said[2:] == ["left 0 notes 0", "then 1"]


def test_a_commit_whose_answer_was_lost(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store took the entry, the client heard nothing and tried again: rows must not double."""
    real = DeltaTable.create_write_transaction

    def deaf(self: DeltaTable, *args: object, **options: object) -> None:
        real(self, *args, **options)
        raise CommitFailedError("version 1 already exists")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", deaf)
    log = lake.table("log")
    assert log.append(pa.table({"line": ["a"], "source": ["a"]})).version == 1
    assert lake.table("sales").replace(rows("a"), DAY).changed
    monkeypatch.undo()
    assert (log.read()["line"].to_pylist(), log.version()) == (["a"], 1)
    assert ids(lake.table("sales")) == ["a"]


def test_a_store_that_fails_after_the_commit(sales: LakeTable, monkeypatch: pytest.MonkeyPatch) -> None:
    sales.replace(rows("old"), DAY)

    def unreachable(*_: object) -> Snapshot:
        raise LakeError("no answer", do="wait")

    monkeypatch.setattr(Snapshot, "reopened", unreachable)
    with pytest.raises(LakeError, match="no answer"):
        sales.replace(rows("new"), DAY)
    monkeypatch.undo()
    assert (ids(sales), sales.location.listing("_attempts")) == (["new"], [])  # its files were not swept away
    assert sales.replace(rows("new"), DAY).changed is False


def test_readers_during_overwrites_see_one_version_each(sales: LakeTable) -> None:
    """Every read has all rows of exactly one write."""
    over = threading.Event()
    seen: list[list[str]] = []
    sales.replace(rows(*["0"] * 50), DAY)

    def read() -> None:
        while not over.is_set():
            seen.append(ids(sales))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 25):
        sales.replace(rows(*[str(number)] * 50), DAY)
    over.set()
    reader.join()
    assert len(seen) > 3
    assert [(len(set(names)), len(names)) for names in seen] == [(1, 50)] * len(seen)
