"""Errors of a disk, whoever met them: full, read-only, no right to write, broken.

The standard library raises them as OSError, SQLite as OperationalError; of what Spark and delta-rs raise only
the text says so.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from causalrec.errors import CausalrecError, DiskError

CURE = "free space or correct rights, then run the same command again; what was published before stays"
_CODES: Final = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EFBIG,
    errno.EMFILE, errno.ENFILE,
})  # fmt: skip
_TEXTS = re.compile(
    r"no space left on device|disk quota exceeded|read-only file system|database or disk is full"
    r"|attempt to write a readonly database|unable to open database file|disk i/o error|permission denied",
    re.IGNORECASE,
)
_PAINT = re.compile(r"\x1b\[[0-9;]*m|↳")  # of delta-rs
LONGEST = 300  # characters of another library's message


def disk_fault(error: BaseException) -> str | None:
    """What ``error``, or one that led to it, says of a disk, in one line; None where none does."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if isinstance(one, OSError) and one.errno in _CODES:
            return f"{one.strerror}: {one.filename}" if one.filename else str(one)[:LONGEST]
        for line in str(one).splitlines():
            if _TEXTS.search(line):
                return _PAINT.sub("", line).strip()[:LONGEST]
        one = one.__cause__ or one.__context__
    return None


@contextmanager
def disk_faults_named() -> Iterator[None]:
    """For a whole command: what a disk refuses becomes one line that says so.

    Raises:
        DiskError: in place of any other library's error.
    """
    try:
        yield
    except CausalrecError:
        raise
    except Exception as error:
        found = disk_fault(error)
        if found is None:
            raise
        raise DiskError(found, do=CURE) from error
