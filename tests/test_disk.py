"""What a disk refuses, in one line, whoever met it."""

import errno
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from causalrec.disk import disk_fault, disk_faults_named
from causalrec.errors import DiskError, SourceError


def error_of(code: int, file: str | None = None) -> OSError:
    return OSError(code, "No space left on device", file)


def wrapped(inner: BaseException) -> RuntimeError:
    """``inner`` as another library passes it on."""
    try:
        try:
            raise inner
        except type(inner) as error:
            raise RuntimeError("cannot log the run") from error
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (error_of(errno.ENOSPC, "/lake/a"), "No space left on device: /lake/a"),
        (error_of(errno.ENOSPC), "[Errno 28] No space left on device"),
        (wrapped(error_of(errno.ENOSPC, "/lake/a")), "No space left on device: /lake/a"),
        (wrapped(sqlite3.OperationalError("database or disk is full")), "database or disk is full"),
        (RuntimeError("Job aborted\n\tjava.io.IOException: No space left on device\n\tat x"),
         "java.io.IOException: No space left on device"),
        (OSError("Generic error\n \x1b[31m↳\x1b[0m No space left on device (os error 28)\n"),
         "No space left on device (os error 28)"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/a"), None),
        (ValueError("the disk in the catalogue is full of music"), None),
    ],
)  # fmt: skip
def test_what_a_disk_refused(error: BaseException, said: str | None) -> None:
    assert disk_fault(error) == said


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(KeyError), disk_faults_named():
        raise KeyError("x")
    with pytest.raises(SourceError, match="read-only file system -> look there"), disk_faults_named():
        raise SourceError("read-only file system", do="look there")


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """The kernel itself refuses, in a process of its own: the limit cannot be taken back."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from causalrec.disk import disk_faults_named\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with disk_faults_named(): Path(sys.argv[1]).write_bytes(bytes(2000))\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a")], capture_output=True, text=True, check=False
    )
    assert "causalrec.errors.DiskError: [Errno 27] File too large -> free space" in done.stderr


def test_the_line_says_what_to_do() -> None:
    with pytest.raises(DiskError) as raised, disk_faults_named():
        raise OSError(errno.EROFS, "Read-only file system", "/lake/a")
    assert str(raised.value) == (
        "Read-only file system: /lake/a -> free space or correct rights, then run the same command again; "
        "what was published before stays"
    )
    assert raised.value.passing
