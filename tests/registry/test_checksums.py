"""Every way in which a folder can differ from its checksums is refused by name."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from causalrec.errors import RegistryError
from causalrec.registry.checksums import FILE, PICKLES, file_hash, verify_checksums, write_checksums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, one of them below."""
    (tmp_path / "below").mkdir()
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "below" / "b").write_bytes(b"2")
    return tmp_path


def test_what_was_written_is_verified(folder: Path) -> None:
    pinned = write_checksums(folder)
    one, two = (hashlib.sha256(content).hexdigest() for content in (b"1", b"2"))
    assert json.loads((folder / FILE).read_text()) == {"a": one, "below/b": two}
    assert pinned == file_hash(folder / FILE) == hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    verify_checksums(folder)
    verify_checksums(folder, pinned)
    assert write_checksums(folder) == pinned  # the list itself is not listed


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda at: (at / "a").write_bytes(b"!"), "artifact a differs from its hash"),
        (lambda at: (at / "below" / "b").unlink(), "artifact below/b is missing"),
        (lambda at: (at / "c").write_bytes(b""), f"artifact c is not in {FILE}"),
        (lambda at: (at / FILE).unlink(), f"has no {FILE}"),
        (lambda at: (at / FILE).write_text("{}"), "differs from the hash in the registry"),
    ],
)
def test_a_difference_is_refused(folder: Path, harm: Callable[[Path], object], said: str) -> None:
    pinned = write_checksums(folder)
    harm(folder)
    with pytest.raises(RegistryError, match=said):
        verify_checksums(folder, pinned)


@pytest.mark.parametrize("suffix", sorted(PICKLES))
def test_what_may_hold_a_pickle_is_refused_even_if_listed(folder: Path, suffix: str) -> None:
    (folder / f"x{suffix}").write_bytes(b"")
    write_checksums(folder)
    with pytest.raises(RegistryError, match="may contain a pickle"):
        verify_checksums(folder)
