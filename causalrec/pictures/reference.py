"""Validates references from outside, as text only.

No ``..``, no absolute path, no ``file://``, no backslash, no control character, no chained protocol. A path
has no percent-encoding; an http(s) address may have some, as long as none stands for a dot, a slash, a
backslash, a control character or another percent sign, which would hide what this module looks for.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from causalrec.errors import ResourceRefused

MAX_REFERENCE_CHARS = 2_048

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HIDING = re.compile(rb"[\x00-\x1f\x7f./\\%]")
_PORTS = {"http": 80, "https": 443}


def scheme_of(location: str) -> str:
    """``https`` of ``HTTPS://host/path``; empty for a path."""
    found = _SCHEME.match(location)
    return found[1].lower() if found else ""


def refuse_bad_text(reference: str, *, escapes: bool) -> None:
    """Refuse what no reference may contain; ``escapes``: harmless percent-encoding is allowed.

    Raises:
        ResourceRefused: with what is wrong.
    """
    if not reference or len(reference) > MAX_REFERENCE_CHARS:
        raise refused(reference[:80], f"is empty or longer than {MAX_REFERENCE_CHARS} characters")
    if _CONTROL.search(reference) or not _encodable(reference):
        raise refused(ascii(reference), "has control characters or invalid Unicode")
    found = _PERCENT.findall(reference)
    if found and not (escapes and not _HIDING.search(unquote_to_bytes("".join(found)))):
        raise refused(reference, "has percent-encoding that is not allowed here")
    if "\\" in reference or "::" in reference:
        raise refused(reference, "has a backslash or a chained protocol")
    if escapes and (" " in reference or not reference.isascii() or "%" in _PERCENT.sub("", reference)):
        raise refused(
            reference, "is not a well-formed address: encode blanks, other letters and percent signs"
        )


def relative_path(path: str, reference: str) -> str:
    """``path`` without redundant parts, below its root.

    Raises:
        ResourceRefused: it names no file, or climbs.
    """
    parts = PurePosixPath(path.lstrip("/")).parts
    if not parts or ".." in parts:
        raise refused(reference, "does not name a file, or escapes the root")
    return "/".join(parts)


def below(root: str, reference: str) -> str | None:
    """The part of a URI after ``root``; None if it is elsewhere. Host, port and path are compared."""
    ours, theirs = _split(root), _split(reference)
    if ours is None or theirs is None or _place(ours) != _place(theirs):
        return None
    prefix = ours.path.rstrip("/") + "/"
    if not theirs.path.startswith(prefix):
        return None
    rest = theirs.path.removeprefix(prefix)
    return f"{rest}?{theirs.query}" if theirs.query else rest


def refused(reference: str, why: str) -> ResourceRefused:
    """The error for a reference that must not be read."""
    return ResourceRefused(f"reference {reference!r} {why}", do="deliver a path relative to an image root")


def _split(location: str) -> SplitResult | None:
    """The parts of a URI; None for one with a password, a broken port or a broken host."""
    try:
        parts = urlsplit(location, allow_fragments=scheme_of(location) in _PORTS)
        _ = parts.port
    except ValueError:
        return None
    return None if "@" in parts.netloc and scheme_of(location) in _PORTS else parts


def _place(parts: SplitResult) -> tuple[str, str, int | None]:
    """Scheme, host (any case for the web, exact for a bucket) and port."""
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        return scheme, parts.netloc, None
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS[scheme]


def _encodable(reference: str) -> bool:
    try:
        reference.encode()
    except UnicodeEncodeError:
        return False
    return True
