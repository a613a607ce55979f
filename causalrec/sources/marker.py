"""The marker that an adapter leaves in the landing zone: what it wrote, and whether it finished."""

import hashlib
import json
import posixpath
from dataclasses import asdict, dataclass
from typing import Any

from causalrec.errors import SourceError
from causalrec.sources.files import get, put
from causalrec.sources.landing import arrival_dates

NAME = "_landed.json"


@dataclass(frozen=True)
class Marker:
    """State of an adapter's work.

    Attributes:
        adapter: name of the adapter.
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
    """The marker of a landing zone; None if no adapter has written there.

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


def claim(root: str, adapter: str) -> Marker | None:
    """The marker of ``adapter``'s own landing zone; None if it is still empty.

    Raises:
        SourceError: it holds other deliveries; an adapter never writes among them.
    """
    marker = read_marker(root)
    owner = marker.adapter if marker else "another writer" if arrival_dates(root, "events") else adapter
    if owner != adapter:
        raise SourceError(
            f"{root} holds deliveries of {owner}, not of the source {adapter}",
            do="choose another paths.work, or set source.kind to what fills this folder",
        )
    return marker


def write_marker(root: str, marker: Marker) -> None:
    """Replace the marker of a landing zone."""
    put(posixpath.join(root, NAME), json.dumps(asdict(marker), indent=2).encode())
