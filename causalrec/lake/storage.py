"""Where a table lies: a local folder or a URI, always reached through one file system object."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pyarrow import fs


@dataclass(frozen=True)
class Location:
    """A folder of a table. Picklable: executors open their own file system.

    Attributes:
        uri: absolute path, or URI such as ``s3://bucket/lake/events``.
    """

    uri: str

    @cached_property
    def _opened(self) -> tuple[fs.FileSystem, str]:
        if "://" in self.uri:
            filesystem, base = fs.FileSystem.from_uri(self.uri)
            return filesystem, base.rstrip("/")
        return fs.LocalFileSystem(), str(Path(self.uri).absolute())

    def __getstate__(self) -> dict[str, str]:
        return {"uri": self.uri}

    @property
    def filesystem(self) -> fs.FileSystem:
        """The file system that holds the folder."""
        return self._opened[0]

    def path(self, relative: str) -> str:
        """Path of a file below the folder, as the file system wants it."""
        return f"{self._opened[1]}/{relative}"

    def hadoop_path(self, relative: str) -> str:
        """Path of a file below the folder as Spark wants it: with a scheme, nothing percent-encoded."""
        if "://" in self.uri:
            return f"{self.uri.rstrip('/')}/{relative}"
        return f"file://{self.path(relative)}"

    def child(self, name: str) -> "Location":
        """The location one folder down."""
        return Location(f"{self.uri.rstrip('/')}/{name}")

    def missing(self, relatives: list[str]) -> list[str]:
        """Those of the files that are not there."""
        infos = self.filesystem.get_file_info([self.path(relative) for relative in relatives])
        return [name for name, info in zip(relatives, infos, strict=True) if info.type != fs.FileType.File]

    def delete(self, relatives: list[str]) -> None:
        """Delete files; one that is gone already is no error."""
        for relative in relatives:
            try:
                self.filesystem.delete_file(self.path(relative))
            except FileNotFoundError:
                continue

    def listing(self, relative: str) -> list[str]:
        """Names of the files directly in a folder; empty where there is no folder."""
        selector = fs.FileSelector(self.path(relative), allow_not_found=True)
        return sorted(info.base_name for info in self.filesystem.get_file_info(selector) if info.is_file)

    def folders(self) -> list[str]:
        """All folders below (relative), and the root as an empty name; notes and logs left out."""
        base = self.path("")
        selector = fs.FileSelector(base, allow_not_found=True, recursive=True)
        found = [
            info.path[len(base) :] for info in self.filesystem.get_file_info(selector) if not info.is_file
        ]
        return ["", *sorted(path for path in found if not path.startswith("_"))]
