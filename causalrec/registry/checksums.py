"""Checksums (sha256) of every file of a folder, and the refusal of a folder that differs."""

import hashlib
import json
from pathlib import Path

from causalrec.errors import RegistryError

FILE = "checksums.json"
REGISTER_AGAIN = "train and register the model again"
PICKLES = frozenset({".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin", ".dill", ".cloudpickle"})


def write_checksums(folder: Path) -> str:
    """Writes ``checksums.json`` over all other files; returns its own sha256."""
    hashes = {str(file.relative_to(folder)): file_hash(file) for file in _files(folder)}
    (folder / FILE).write_text(json.dumps(hashes, indent=1, sort_keys=True), encoding="utf-8")
    return file_hash(folder / FILE)


def verify_checksums(folder: Path, expected: str | None = None) -> None:
    """Compares every file with its hash; ``expected`` is the hash of ``checksums.json`` itself.

    Raises:
        RegistryError: a file is missing, changed or not listed, or could hold a pickle.
    """
    listing = folder / FILE
    if not listing.is_file():
        raise RegistryError(f"{folder} has no {FILE}: was the upload interrupted?", do=REGISTER_AGAIN)
    if expected is not None and file_hash(listing) != expected:
        raise RegistryError(f"{FILE} differs from the hash in the registry", do=REGISTER_AGAIN)
    hashes: dict[str, str] = json.loads(listing.read_text(encoding="utf-8"))
    present = {str(file.relative_to(folder)): file for file in _files(folder)}
    for name in sorted(set(hashes) | set(present)):
        if name not in present:
            raise RegistryError(f"artifact {name} is missing: was the upload interrupted?", do=REGISTER_AGAIN)
        if name not in hashes:
            raise RegistryError(f"artifact {name} is not in {FILE}", do=REGISTER_AGAIN)
        if present[name].suffix in PICKLES:
            raise RegistryError(
                f"artifact {name} may contain a pickle, which is never loaded", do=REGISTER_AGAIN
            )
        if file_hash(present[name]) != hashes[name]:
            raise RegistryError(f"artifact {name} differs from its hash", do=REGISTER_AGAIN)


def file_hash(file: Path) -> str:
    """sha256 (hex) of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / FILE)
