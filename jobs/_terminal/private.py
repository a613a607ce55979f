"""Files of a shop are for their user: a lake and its copies hold people's ids and what they did."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

OTHERS = 0o077


@contextmanager
def private_files() -> Iterator[None]:
    """Files that the block and its child processes write are 0600, folders 0700."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)
