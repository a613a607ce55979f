"""Pictures behind http, from a real server that misbehaves: bounded, tried again, inside the allow-list."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.features import ImageSettings
from causalrec.config.fetch import FetchSettings
from causalrec.errors import ResourceRefused, ResourceUnreachable
from causalrec.pictures.fetch import MOST_REDIRECTS, _asked_pause
from causalrec.pictures.read import InspectTask
from causalrec.pictures.resolver import Resolver, ResourceTooLarge
from tests.pictures.picture_server import GOOD, PictureServer, picture_server

HASTY = FetchSettings(seconds=1.0, idle_seconds=0.2, tries=2, pause_seconds=0.01, per_host=2)


@pytest.fixture(scope="module")
def server() -> Iterator[PictureServer]:
    with picture_server() as running:
        yield running


@pytest.fixture
def resolver(server: PictureServer) -> Resolver:
    server.asked.clear()
    return Resolver((f"{server.address}/images",), HASTY)


@pytest.mark.parametrize("name", ["good.jpg", "flaky.jpg", "cut.jpg", "inside.jpg"])
def test_a_picture_arrives_after_passing_trouble_and_allowed_redirects(
    resolver: Resolver, server: PictureServer, name: str
) -> None:
    assert resolver.read(name, 100) == GOOD
    server.asked.clear()
    assert resolver.read(f"{server.address.upper()}/images/{name}?width=9", 100) == GOOD
    assert f"/images/{name}?width=9" in server.asked


@pytest.mark.parametrize(
    "name",
    [
        "outside.jpg",
        "elsewhere.jpg",
        "to-a-file.jpg",
        "climbing.jpg",
        "round.jpg",
        "nowhere.jpg",
        "broken.jpg",
        "port.jpg",
        "scheme.jpg",
    ],
)
def test_a_redirect_out_of_the_roots_is_not_followed(
    resolver: Resolver, server: PictureServer, name: str
) -> None:
    with pytest.raises(ResourceRefused):
        resolver.read(name, 100)
    assert not [path for path in server.asked if "secret" in path]
    assert server.asked.total() <= MOST_REDIRECTS + 1


@pytest.mark.parametrize("name", ["huge.jpg", "endless.jpg"])
def test_too_many_bytes_are_not_read(resolver: Resolver, server: PictureServer, name: str) -> None:
    began = time.monotonic()
    with pytest.raises(ResourceTooLarge):
        resolver.read(name, 50_000)
    assert time.monotonic() - began < HASTY.seconds
    assert server.asked.total() == 1


def test_a_drip_of_bytes_ends_with_the_time_for_one_picture(resolver: Resolver) -> None:
    began = time.monotonic()
    with pytest.raises(ResourceUnreachable, match="longer than 1 s"):
        resolver.read("slow.jpg", 100_000)
    assert time.monotonic() - began < HASTY.seconds + 1


@pytest.mark.parametrize(
    ("name", "asked"), [("silent.jpg", 2), ("503", 2), ("429", 2), ("403", 1), ("401", 1)]
)
def test_what_another_night_may_mend_is_unreachable(
    resolver: Resolver, server: PictureServer, name: str, asked: int
) -> None:
    with pytest.raises(ResourceUnreachable):
        resolver.read(name, 100)
    assert server.asked[f"/images/{name}"] == asked


@pytest.mark.parametrize("name", ["none.jpg", "410", "400"])
def test_what_the_server_does_not_have_is_missing(
    resolver: Resolver, server: PictureServer, name: str
) -> None:
    with pytest.raises(FileNotFoundError):
        resolver.read(name, 100)
    assert server.asked[f"/images/{name}"] == 1


def test_nobody_listens() -> None:
    with picture_server() as gone:
        root = f"{gone.address}/images"
    with pytest.raises(ResourceUnreachable, match="failed 2 times"):
        Resolver((root,), HASTY).read("good.jpg", 100)


def test_a_host_is_asked_for_few_pictures_at_a_time() -> None:
    with picture_server() as fresh, ThreadPoolExecutor(8) as pool:
        resolver = Resolver((f"{fresh.address}/images",), HASTY)
        urls = [f"{fresh.address}/images/busy.jpg?{number}" for number in range(8)]
        assert list(pool.map(lambda url: resolver.read(url, 100), urls)) == [GOOD] * 8
        assert fresh.most_at_once == HASTY.per_host


def test_each_trouble_has_its_reason(resolver: Resolver) -> None:
    task = InspectTask(resolver, ImageSettings(max_bytes=50_000))
    names = ("page.jpg", "huge.jpg", "503", "none.jpg", "outside.jpg", "good.jpg")
    assert [task.inspect(name)["reason_code"] for name in names] == [
        "image_not_an_image", "image_too_large", "image_unreachable", "image_missing", "image_forbidden",
        "image_not_an_image",
    ]  # fmt: skip


def test_names_with_other_letters_are_encoded_once(resolver: Resolver, server: PictureServer) -> None:
    server.files["/images/b%C3%BCld%201.jpg"] = GOOD
    assert resolver.read("büld 1.jpg", 100) == GOOD
    assert resolver.read(f"{server.address}/images/b%C3%BCld%201.jpg", 100) == GOOD


@pytest.mark.parametrize(("header", "pause"), [("7", 7.0), ("", 0.0), ("-1", 0.0), ("Wed, 21 Oct 2026", 0.0)])
def test_a_server_may_ask_for_a_pause(header: str, pause: float) -> None:
    assert _asked_pause(header) == pause


ROOT = "https://cdn.example.org/shop/images"
PIECES = st.sampled_from(
    [ROOT, "https://", "cdn.example.org", "/shop/images/", "..", ".", "/", "%2e%2e", "%2F", "%252e", "%5c",
     "@", "evil.org", ":443", "?", "#", "\\", "a.jpg", "%41", "//", "HTTPS://CDN.EXAMPLE.ORG/shop/images/",
     " "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map("".join)))
def test_no_reference_becomes_an_address_outside_the_root(reference: str) -> None:
    """Whatever is accepted stays on the host and below the folder, however often a server decodes it."""
    try:
        found = Resolver((ROOT,)).locations(reference)
    except ResourceRefused:
        return
    for root, relative in found:
        parts = urlsplit(f"{root}/{relative}")
        assert (parts.scheme, parts.netloc) == ("https", "cdn.example.org")
        path = unquote(unquote(parts.path))
        assert path.startswith("/shop/images/")
        assert ".." not in path.replace("\\", "/").split("/")
