"""What a process may still take, in and outside of containers."""

from pathlib import Path

import psutil
import pytest

from causalrec.training.free_memory import available_bytes

GIB = 1 << 30


def write(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(str(text))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


@pytest.fixture(autouse=True)
def _much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available = 64 * GIB
        free = GIB  # the rest of what is available is page cache

    monkeypatch.setattr(psutil, "virtual_memory", Memory)


def test_the_page_cache_counts_as_available(tmp_path: Path, own: Path) -> None:
    assert available_bytes(tmp_path / "none", own) == 64 * GIB


@pytest.mark.parametrize("path", ["/a/b", "/", "/the/path/of/the/host"])
def test_second_version(tmp_path: Path, own: Path, path: str) -> None:
    """The group of the process, a group above it, and a container that sees its own as the root."""
    own.write_text(f"0::{path}\n")
    write(
        tmp_path, memory__max=8 * GIB, memory__current=3 * GIB, memory__stat=f"inactive_file {GIB}\nanon 5\n"
    )
    write(tmp_path / "a" / "b", memory__max="max", memory__current=GIB)
    assert available_bytes(tmp_path, own) == 6 * GIB


def test_the_tightest_group_counts(tmp_path: Path, own: Path) -> None:
    own.write_text("0::/a/b\n")
    write(tmp_path / "a", memory__max=4 * GIB, memory__current=GIB)
    write(tmp_path / "a" / "b", memory__max=2 * GIB, memory__current=3 * GIB)
    assert available_bytes(tmp_path, own) == 0


def test_first_version(tmp_path: Path, own: Path) -> None:
    own.write_text("3:cpuset:/\n4:cpu,memory:/box\n0::/\n")
    stat = f"inactive_file 1\ntotal_inactive_file {GIB}\n"
    files = {"memory__limit_in_bytes": 4 * GIB, "memory__usage_in_bytes": 2 * GIB, "memory__stat": stat}
    write(tmp_path / "memory" / "box", **files)
    write(tmp_path / "memory", memory__limit_in_bytes=9223372036854771712, memory__usage_in_bytes=GIB)
    assert available_bytes(tmp_path, own) == 3 * GIB


def test_this_process() -> None:
    assert available_bytes() > 0
