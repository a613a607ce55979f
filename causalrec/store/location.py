"""A folder of a store: a local one or a URI, always accessed through one file system object."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from causalrec.errors import StoreError

if TYPE_CHECKING:
    from pyarrow import fs

S3 = "s3://"


@dataclass(frozen=True)
class Location:
    """A folder. Picklable: executors open their own file system.

    Credentials are never part of it: every process finds its own, as AWS clients do (environment, profile,
        machine role).

    Attributes:
        uri: absolute path, or URI such as ``s3://bucket/lake/events``.
        endpoint: of a non-AWS S3 store, as ``http(s)://host:port``; empty for AWS.
        region: of the S3 bucket; empty leaves it to the environment.
    """

    uri: str
    endpoint: str = ""
    region: str = ""

    @cached_property
    def _opened(self) -> "tuple[fs.FileSystem, str]":
        from pyarrow import fs  # a tenth of a second, which settings alone must not cost

        if self.uri.startswith(S3):
            scheme, _, host = self.endpoint.rpartition("://")
            options = {"endpoint_override": host, "scheme": scheme or "https"} if host else {}
            store = fs.S3FileSystem(**options, **({"region": self.region} if self.region else {}))
            return store, self.uri.removeprefix(S3).rstrip("/")
        if "://" in self.uri:
            filesystem, base = fs.FileSystem.from_uri(self.uri)
            return filesystem, base.rstrip("/")
        return fs.LocalFileSystem(), self._base

    @cached_property
    def _base(self) -> str:
        return str(Path(self.uri).absolute()) if self.local else self._opened[1]

    def __getstate__(self) -> dict[str, str]:
        return {"uri": self.uri, "endpoint": self.endpoint, "region": self.region}

    @property
    def local(self) -> bool:
        """Whether it is a folder on this machine (possibly mounted)."""
        return "://" not in self.uri

    @property
    def delta_options(self) -> dict[str, str]:
        """Options for delta-rs: the store, and that a log entry must not overwrite an existing one."""
        if not self.uri.startswith(S3):
            return {}
        options = {"aws_conditional_put": "etag"}
        if self.region:
            options["AWS_REGION"] = self.region
        if self.endpoint:
            plain = str(self.endpoint.startswith("http://")).lower()
            options |= {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ALLOW_HTTP": plain}
        return options

    @property
    def filesystem(self) -> "fs.FileSystem":
        """The file system that holds the folder."""
        return self._opened[0]

    def path(self, relative: str) -> str:
        """Path of a file below the folder, for the file system."""
        return f"{self._base}/{relative}"

    def _folder(self, relative: str) -> str:
        return self.path(relative) if relative else self._base

    def hadoop_path(self, relative: str) -> str:
        """Path of a file below the folder for Spark: with a scheme and without percent-encoding."""
        if self.local:
            return f"file://{self.path(relative)}"
        uri = self.uri.rstrip("/")
        return f"{'s3a://' + uri.removeprefix(S3) if uri.startswith(S3) else uri}/{relative}"

    def require_store(self) -> None:
        """Check that the store responds.

        Raises:
            StoreError: it cannot be reached, or it refuses access.
        """
        if self.local:
            return
        with self.answering():
            self.filesystem.get_file_info(self._base)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Context for reading: errors of a store that does not respond become a StoreError.

        Raises:
            StoreError: a network error, or access refused.
        """
        try:
            yield
        except OSError as error:
            if self.local or isinstance(error, FileNotFoundError):
                raise
            raise StoreError(
                f"the store of {self.uri} ({self.endpoint or 'default endpoint'}) does not answer: {error}",
                do="check the network, lake.endpoint, lake.region and the credentials, then run it again; "
                "the tables were not touched",
            ) from error

    def child(self, name: str) -> "Location":
        """The location one folder down."""
        return Location(f"{self.uri.rstrip('/')}/{name}", self.endpoint, self.region)

    def make_folder(self, relative: str) -> None:
        """Create a folder and its parents; object stores need none."""
        if self.filesystem.type_name != "s3":
            self.filesystem.create_dir(self.path(relative), recursive=True)

    def sizes(self, relatives: list[str]) -> list[int | None]:
        """Bytes of each file; None for a missing one."""
        infos = self.filesystem.get_file_info([self.path(relative) for relative in relatives])
        return [info.size if info.is_file else None for info in infos]

    def missing(self, relatives: list[str]) -> list[str]:
        """The files that do not exist."""
        return [name for name, size in zip(relatives, self.sizes(relatives), strict=True) if size is None]

    def delete(self, relatives: list[str]) -> None:
        """Delete files; missing ones are ignored."""
        for relative in relatives:
            try:
                self.filesystem.delete_file(self.path(relative))
            except FileNotFoundError:
                continue

    def delete_folder(self, relative: str = "") -> None:
        """Delete a folder without files; a missing one is ignored."""
        with suppress(FileNotFoundError):
            self.filesystem.delete_dir(self._folder(relative))

    def listing(self, relative: str = "", *, folders: bool = False) -> list[str]:
        """Names of the files (or of the folders) directly in a folder; empty if it does not exist."""
        from pyarrow import fs

        found = self.filesystem.get_file_info(fs.FileSelector(self._folder(relative), allow_not_found=True))
        return sorted(info.base_name for info in found if info.is_file != folders)

    def everything(self, relative: str = "") -> "list[fs.FileInfo]":
        """All files and folders below a folder; empty if it does not exist."""
        from pyarrow import fs

        found: list[fs.FileInfo] = self.filesystem.get_file_info(
            fs.FileSelector(self._folder(relative), allow_not_found=True, recursive=True)
        )
        return found

    def files(self) -> list[str]:
        """All files below it (relative); none if it does not exist."""
        return sorted(self.relative(info.path) for info in self.everything() if info.is_file)

    def relative(self, path: str) -> str:
        """A file system path, relative to the folder."""
        return path.removeprefix(self.path(""))

    def folders(self) -> list[str]:
        """All folders below it (relative), and the root as an empty name, without notes and logs."""
        found = [self.relative(info.path) for info in self.everything() if not info.is_file]
        return ["", *sorted(path for path in found if not path.startswith("_"))]

    def address(self, relative: str) -> str:
        """A file below the folder as people name it: an absolute path or a URI."""
        return self.path(relative) if self.local else f"{self.uri.rstrip('/')}/{relative}"

    def read(self, relative: str) -> bytes | None:
        """The content of a file; None if it does not exist.

        Raises:
            StoreError: the store does not respond.
        """
        path = self.path(relative)
        try:
            if self.local:
                return Path(path).read_bytes()
            with self.answering(), self.filesystem.open_input_stream(path) as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def write(self, relative: str, content: bytes) -> None:
        """Replace a file in one step: by a rename in a folder, by a single upload elsewhere.

        Raises:
            StoreError: the store does not respond.
        """
        path = self.path(relative)
        folder, _, name = path.rpartition("/")
        if not self.local:
            with self.answering():
                self.make_folder(relative.rpartition("/")[0])
                with self.filesystem.open_output_stream(path) as stream:
                    stream.write(content)
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        unfinished = Path(folder, f".{name}.{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.replace(path)
