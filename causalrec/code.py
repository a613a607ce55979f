"""Which code a result rests on, as a hash of its sources."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
PARTS = ("config", "dataset", "lab", "metrics", "model", "training")


@cache
def code_hash() -> str:
    """sha256 over the sources that a fitted model depends on."""
    return hash_files(PACKAGE, [file for part in PARTS for file in sorted((PACKAGE / part).rglob("*.py"))])


def hash_files(root: Path, files: Sequence[Path]) -> str:
    """sha256 over the names, relative to ``root``, and the contents of ``files``."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(root)).encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
