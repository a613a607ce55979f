"""The note that an adapter leaves in the landing zone: what it wrote there, and whether it finished."""

import hashlib
import json
import posixpath
from dataclasses import asdict, dataclass
from typing import Any

from causalrec.errors import SourceError
from causalrec.sources.files import get, put

NAME = "_landed.json"


@dataclass(frozen=True)
class Marker:
    """State of an adapter's work.

    Attributes:
        adapter: which adapter wrote.
        fingerprint: hash of everything that decides the content.
        complete: False while the adapter is still writing.
        first: first arrival date, ISO; '' until known.
        last: last arrival date, ISO.
        rows: event rows written.
    """

    adapter: str
    fingerprint: str
    complete: bool
    first: str = ""
    last: str = ""
    rows: int = 0


def digest(value: Any) -> str:  # noqa: ANN401 - anything that JSON can hold
    """Hash of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def read_marker(root: str) -> Marker | None:
    """The marker of a landing zone; None where no adapter has written.

    Raises:
        SourceError: the marker is not readable.
    """
    path = posixpath.join(root, NAME)
    content = get(path)
    if content is None:
        return None
    try:
        return Marker(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise SourceError(f"{path} is not a marker: {error}", do="delete that file and land again") from error


def write_marker(root: str, marker: Marker) -> None:
    """Replace the marker of a landing zone."""
    put(posixpath.join(root, NAME), json.dumps(asdict(marker), indent=2).encode())
