"""Where things lie."""

import re
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from causalrec.config.section import Section, a_folder, written_out

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


class PathSettings(Section):
    """Where things lie. Relative paths lie in ``store``, which every machine reaches.

    That goes for ``export.parquet`` and ``lineage.file`` too; ``work`` is a folder of each machine itself.

    ``~`` stands for the home folder; other variables are not replaced but refused. At the start of an image
    root ``{raw}`` stands for ``source.raw`` and ``{landing}`` for ``landing``.
    """

    work: Path = Field(
        Path(".work/demo"),
        description="folder of this machine: caches, and the store where none is named",
    )
    store: str = Field(
        "",
        description="folder or URI, reached by every machine, of what stages leave for one another; empty: "
        "the work folder",
    )
    landing: str = Field(
        "landing", description="landing zone with the deliveries of the shop: a folder or a URI"
    )
    lake: str = Field(
        "lake", description="root of the Delta tables: a folder or a URI such as s3://bucket/lake"
    )
    bundles: str = Field("bundles", description="arrays that training reads: a folder or a URI")
    reports: str = Field("reports", description="pages that people open: a folder or a URI")
    truth: str = Field(
        "truth",
        description="folder in the work folder of what the demo shop knows about its own causes; no stage "
        "reads it",
    )
    image_roots: tuple[str, ...] = Field(
        ("{landing}/images",),
        description="folders and URIs that picture references may point into; {landing} stands for the "
        "landing zone, {raw} for source.raw",
    )

    @field_validator("work", "truth", mode="before")
    @classmethod
    def _a_folder(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        return a_folder(given)

    @field_validator(
        "work", "store", "landing", "lake", "bundles", "reports", "truth", "image_roots", mode="before"
    )
    @classmethod
    def _written_out(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if isinstance(given, list | tuple):
            return tuple(map(written_out, given))
        return written_out(given)

    @model_validator(mode="after")
    def _lake_without_escapes(self) -> Self:
        """Delta-rs decodes ``%20`` in a path, so it would write into one folder and read from another."""
        lake = self.in_store(self.lake)
        if "://" not in lake and (escape := _ESCAPE.search(lake)):
            raise ValueError(f"{lake}: tables cannot lie in a folder with {escape[0]!r} in its name")
        return self

    @property
    def root(self) -> str:
        """The store: an absolute path or a URI."""
        return self.store.rstrip("/") if "://" in self.store else str((self.work / self.store).absolute())

    def in_store(self, location: str) -> str:
        """``location`` as an absolute path or a URI; a relative one lies in the store."""
        if "://" in location:
            return location
        if "://" in self.root and not Path(location).is_absolute():
            return f"{self.root}/{location}"
        return str(Path(self.root, location))
