"""Where things lie."""

import re
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from causalrec.config.section import Section, a_folder, written_out

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


class PathSettings(Section):
    """Where things lie. Relative paths are resolved against the work folder at load time.

    ``~`` stands for the home folder; other variables are not replaced but refused. At the start of an image
    root ``{raw}`` stands for ``source.raw`` and ``{landing}`` for ``landing``.
    """

    work: Path = Field(
        Path(".work/demo"),
        description="folder of everything that is written on this machine; the paths below are "
        "relative to it",
    )
    landing: str = Field(
        "landing", description="landing zone with the deliveries of the shop: a folder or a URI"
    )
    lake: str = Field(
        "lake", description="root of the Delta tables: a folder or a URI such as s3://bucket/lake"
    )
    bundles: str = Field("bundles", description="folder of the arrays that training reads")
    reports: str = Field("reports", description="folder of the pages that people open")
    truth: str = Field(
        "truth", description="folder of what the demo shop knows about its own causes; no stage reads it"
    )
    image_roots: tuple[str, ...] = Field(
        ("{landing}/images",),
        description="folders and URIs that picture references may point into; {landing} stands for the "
        "landing zone, {raw} for source.raw",
    )

    @field_validator("work", "bundles", "reports", "truth", mode="before")
    @classmethod
    def _a_folder(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        return a_folder(given)

    @field_validator("work", "landing", "lake", "bundles", "reports", "truth", "image_roots", mode="before")
    @classmethod
    def _written_out(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if isinstance(given, list | tuple):
            return tuple(map(written_out, given))
        return written_out(given)

    @model_validator(mode="after")
    def _lake_without_escapes(self) -> Self:
        """Delta-rs decodes ``%20`` in a path, so it would write into one folder and read from another."""
        lake = self.lake if "://" in self.lake else str((self.work / self.lake).absolute())
        if "://" not in lake and (escape := _ESCAPE.search(lake)):
            raise ValueError(f"{lake}: tables cannot lie in a folder with {escape[0]!r} in its name")
        return self
