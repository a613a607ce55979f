"""Fetches bytes over http(s), bounded in size and time, with retries, and few at a time per host.

Redirects are followed by hand, because every hop must pass the same allow-list as the reference itself.
"""

import asyncio
import atexit
import os
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from fsspec.asyn import get_loop, sync

from causalrec.config.fetch import FetchSettings
from causalrec.errors import ResourceRefused, ResourceUnreachable

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

MOST_REDIRECTS = 3  # redirects to follow, each within the allowed roots

PIECE = 1 << 16
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # worth an immediate retry
CLOSED = frozenset({401, 403})  # access may be granted by another day
HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "causalrec"}

Read = TypeVar("Read")


class ResourceTooLarge(ResourceRefused):
    """The bytes behind a reference exceed the cap; no more than the cap was read."""


class _Passing(Exception):
    """A temporary failure; ``pause`` is what the server asks for, in seconds."""

    def __init__(self, what: str, pause: float = 0.0) -> None:
        super().__init__(what)
        self.pause = pause


def fetch(url: str, max_bytes: int, how: FetchSettings, allow: Callable[[str], object]) -> bytes:
    """The body of ``url``, which the caller has allowed; ``allow`` judges the target of each redirect.

    Raises:
        FileNotFoundError: the server says that there is no such file.
        ResourceTooLarge: the body has, or announces, more than ``max_bytes`` bytes.
        ResourceRefused: a redirect leaves the allow-list, or there are too many.
        ResourceUnreachable: no response in time, or every attempt failed.
    """
    session = _session(how, os.getpid())
    return bounded(lambda: _patiently(session, url, max_bytes, how, allow), url, how)


def bounded(read: Callable[[], Awaitable[Read]], name: str, how: FetchSettings) -> Read:
    """The result of ``read``, on fsspec's event loop, within the time that ``how`` allows for one picture."""

    async def within() -> Read:
        async with asyncio.timeout(how.seconds):
            return await read()

    try:
        found: Read = sync(get_loop(), within)
    except TimeoutError as error:
        raise unreachable(name, f"took longer than {how.seconds:g} s") from error
    return found


def unreachable(name: str, why: str) -> ResourceUnreachable:
    """The error for bytes that are not available now."""
    return ResourceUnreachable(f"{name} {why}", do="it will be tried again on a later night")


@lru_cache(maxsize=4)
def _session(how: FetchSettings, process: int) -> "ClientSession":
    """One per process (``process`` is its id: a forked worker must not share sockets), until it ends."""

    async def build() -> "ClientSession":
        import aiohttp

        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=how.connect_seconds, sock_read=how.idle_seconds
        )
        connector = aiohttp.TCPConnector(limit_per_host=how.per_host)
        return aiohttp.ClientSession(
            connector=connector, timeout=limits, headers=HEADERS, auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )  # fmt: skip

    made: ClientSession = sync(get_loop(), build)
    atexit.register(lambda: sync(get_loop(), made.close, timeout=1))
    return made


async def _patiently(
    session: "ClientSession", url: str, max_bytes: int, how: FetchSettings, allow: Callable[[str], object]
) -> bytes:
    import aiohttp

    pause = how.pause_seconds
    for left in reversed(range(how.tries)):
        try:
            return await _follow(session, url, max_bytes, allow)
        except (aiohttp.ClientError, TimeoutError, _Passing) as error:
            if not left:
                why = str(error) or type(error).__name__
                raise unreachable(url, f"failed {how.tries} times; last error: {why}"[:300]) from error
            await asyncio.sleep(max(pause, error.pause if isinstance(error, _Passing) else 0))
        pause *= 2
    raise AssertionError("tries is at least 1")


async def _follow(
    session: "ClientSession", url: str, max_bytes: int, allow: Callable[[str], object]
) -> bytes:
    from yarl import URL

    for _ in range(MOST_REDIRECTS + 1):
        async with session.get(URL(url, encoded=True), allow_redirects=False) as answer:
            if answer.status not in REDIRECTS:
                return await _body(answer, url, max_bytes)
            url = _joined(url, answer.headers.get("Location", ""))
        allow(url)
    raise ResourceRefused(
        f"{url} was reached after more than {MOST_REDIRECTS} redirects", do="deliver the final address"
    )


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:  # such as http://[
        raise ResourceRefused(
            f"{url} redirects to something that is not an address: {location[:80]!r}",
            do="deliver the final address",
        ) from error


async def _body(answer: "ClientResponse", url: str, max_bytes: int) -> bytes:
    status = answer.status
    if status in PASSING:
        raise _Passing(f"status {status}", _asked_pause(answer.headers.get("Retry-After", "")))
    if status in CLOSED:
        raise unreachable(url, f"denied access (status {status})")
    if status != 200:
        raise FileNotFoundError(f"{url} (status {status})")
    if (answer.content_length or 0) > max_bytes:
        raise too_large(url, max_bytes)
    data = bytearray()
    async for piece in answer.content.iter_chunked(PIECE):
        data += piece
        if len(data) > max_bytes:
            raise too_large(url, max_bytes)
    return bytes(data)


def _asked_pause(retry_after: str) -> float:
    """Seconds of a ``Retry-After`` header; a date is ignored because of clock skew."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0


def too_large(name: str, max_bytes: int) -> ResourceTooLarge:
    """The error for more bytes than allowed."""
    return ResourceTooLarge(
        f"{name} has more than {max_bytes} bytes", do="deliver a smaller file or raise the cap"
    )
