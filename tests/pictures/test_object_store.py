"""Pictures in S3, from a real server of that protocol: the same roots, caps and errors as everywhere."""

from collections.abc import Iterator

import pytest

from causalrec.config.fetch import FetchSettings
from causalrec.errors import ResourceRefused, ResourceUnreachable, SettingsError
from causalrec.pictures.resolver import Resolver, ResourceTooLarge

HASTY = FetchSettings(seconds=2.0, connect_seconds=0.5, idle_seconds=0.5, tries=1)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Root of the pictures of a shop."""
    pytest.importorskip("moto.server", reason="moto is not installed")
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "word")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        store = s3fs.S3FileSystem()
        store.mkdir("shop")
        store.pipe({"shop/images/a/one.jpg": b"one", "shop/images/empty.jpg": b"", "shop/secret": b"secret"})
        yield "s3://shop/images"
    server.stop()


def test_objects_are_read_below_the_root_only(bucket: str) -> None:
    resolver = Resolver((bucket,), FetchSettings())
    assert resolver.read("a/one.jpg", 3) == b"one"
    assert resolver.read("s3://shop/images/a/one.jpg", 3) == b"one"
    assert resolver.read("empty.jpg", 3) == b""
    with pytest.raises(ResourceTooLarge):
        resolver.read("a/one.jpg", 2)
    for missing in ("none.jpg", "a"):
        with pytest.raises(FileNotFoundError):
            resolver.read(missing, 3)
    for outside in (
        "../secret",
        "s3://shop/secret",
        "s3://shop/images/../secret",
        "s3://other/images/a/one.jpg",
    ):
        with pytest.raises(ResourceRefused):
            resolver.read(outside, 100)


def test_a_store_that_does_not_answer_is_unreachable(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()  # it remembers the other address
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ResourceUnreachable):
        Resolver(("s3://elsewhere/images",), HASTY).read("one.jpg", 3)


def test_a_store_without_its_client_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    def absent(scheme: str) -> None:
        raise ImportError(scheme)

    monkeypatch.setattr(fsspec, "get_filesystem_class", absent)
    with pytest.raises(SettingsError, match="needs the package gcsfs"):
        Resolver(("gs://shop/images",))
