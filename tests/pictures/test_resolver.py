"""The allow-list: what a reference may open, and everything that it may not."""

import os
from pathlib import Path

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.errors import CausalrecError, ResourceRefused, SettingsError
from causalrec.pictures.reference import MAX_REFERENCE_CHARS
from causalrec.pictures.resolver import Resolver, ResourceTooLarge

SECRET = b"secret outside of the root"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("resolver")
    images = base / "images"
    (images / "a").mkdir(parents=True)
    (images / "a" / "one.jpg").write_bytes(b"one")
    (images / "büld – 1.jpg").write_bytes(b"unicode")
    (base / "secret").write_bytes(SECRET)
    (images / "leak.jpg").symlink_to(base / "secret")
    (images / "folder-leak").symlink_to(base)
    (images / "inner.jpg").symlink_to(images / "a" / "one.jpg")
    (images / "loop").symlink_to(images / "loop")
    os.mkfifo(images / "pipe")
    return images


@pytest.mark.parametrize(
    ("reference", "data"),
    [
        ("a/one.jpg", b"one"),
        ("./a//one.jpg", b"one"),
        ("büld – 1.jpg", b"unicode"),
        ("inner.jpg", b"one"),
    ],
)
def test_a_relative_reference_is_read_under_the_root(root: Path, reference: str, data: bytes) -> None:
    assert Resolver((str(root),)).read(reference, 100) == data


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "../secret",
        "a/../../secret",
        "../../etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "~/secret",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "file://localhost/etc/passwd",
        "s3://foreign/one.jpg",
        "https://example.org/one.jpg",
        "simplecache::file:///etc/passwd",
        "zip://a.jpg::/etc/passwd",
        "%2e%2e/secret",
        "..%2fsecret",
        "a\\..\\..\\secret",
        "C:/secret",
        "a/one.jpg\x00.png",
        "a/one\n.jpg",
        "\ud800.jpg",
        "x" * (MAX_REFERENCE_CHARS + 1),
        "x" * 1000,
        "leak.jpg",
        "folder-leak/secret",
        "loop",
        ".",
    ],
)
def test_everything_else_is_refused(root: Path, reference: str) -> None:
    with pytest.raises(ResourceRefused):
        Resolver((str(root),)).read(reference, 100)


@pytest.mark.parametrize("reference", ["b/none.jpg", "a/one.jpg/x", "a", "pipe"])
def test_what_is_allowed_but_is_no_file_is_missing(root: Path, reference: str) -> None:
    with pytest.raises(FileNotFoundError):
        Resolver((str(root),)).read(reference, 100)


def test_the_cap_holds_to_the_byte(root: Path) -> None:
    assert Resolver((str(root),)).read("a/one.jpg", 3) == b"one"
    with pytest.raises(ResourceTooLarge):
        Resolver((str(root),)).read("a/one.jpg", 2)


def test_roots_are_tried_in_order(root: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.jpg").write_bytes(b"first")
    assert Resolver((str(tmp_path), str(root))).read("a/one.jpg", 100) == b"first"
    assert Resolver((str(tmp_path), str(root))).read("inner.jpg", 100) == b"one"


def test_an_object_store_is_read_below_its_root_only() -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/shop/pictures/a/one.jpg", b"stored")
    store.pipe("/shop/other/two.jpg", SECRET)
    resolver = Resolver(("memory://shop/pictures",))
    assert resolver.read("a/one.jpg", 100) == b"stored"
    assert resolver.read("memory://shop/pictures/a/one.jpg", 100) == b"stored"
    for outside in (
        "memory://shop/other/two.jpg",
        "memory://shop/pictures/../other/two.jpg",
        "../other/two.jpg",
    ):
        with pytest.raises(ResourceRefused):
            resolver.read(outside, 100)
    with pytest.raises(ResourceRefused):
        resolver.read("memory://shop/pictures-of-others/two.jpg", 100)
    with pytest.raises(FileNotFoundError):
        resolver.read("a/none.jpg", 100)


@pytest.mark.parametrize(
    "bad",
    ["pictures", "file:///pictures", "ftp://x/y", "https://user:word@example.org/x", "https:///x",
     "https://example.org/a?b", "https://example.org/../x", "https://example.org/%2e%2e/x", "http://h:port/x"],
)  # fmt: skip
def test_a_root_must_be_absolute_and_of_a_known_kind(bad: str) -> None:
    with pytest.raises(SettingsError):
        Resolver((bad,))


_PIECES = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "a",
        "one.jpg",
        "secret",
        "leak.jpg",
        "folder-leak",
        "%2e",
        "\\",
        ":",
        "::",
        "file://",
        "\x00",
        "~",
    ]
)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=60), st.lists(_PIECES, max_size=8).map("".join), st.lists(_PIECES).map("/".join)
    )
)
def test_no_reference_reads_outside_the_root(root: Path, reference: str) -> None:
    """Either bytes of a file inside, or one of two errors; never the secret, never another error."""
    try:
        data = Resolver((str(root),)).read(reference, 100)
    except (CausalrecError, FileNotFoundError) as error:
        assert isinstance(error, ResourceRefused | FileNotFoundError)
    else:
        assert data in (b"one", b"unicode")
