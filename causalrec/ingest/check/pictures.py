"""Whether the pictures that a catalogue names exist and have a supported format."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from causalrec.config import Settings
from causalrec.errors import CausalrecError, ReasonCode, ResourceRefused
from causalrec.ingest.advice import NO_PICTURES
from causalrec.pictures.read import InspectTask
from causalrec.pictures.resolver import Resolver

SAMPLE = 50


@dataclass(frozen=True)
class PictureCheck:
    """A sample of the pictures: usable ones by format, the others by reason with an example.

    Attributes:
        sampled: those of the sample, with the addresses that only a network could judge. looked_at: the rest.
    """

    named: int
    looked_at: int
    formats: Mapping[str, int]
    failures: Mapping[str, tuple[int, str]]
    sampled: int = 0

    def refusals(self, limit: float) -> list[str]:
        """Why a night would refuse these pictures, where at most ``limit`` of them may fail."""
        failed = sum(count for count, _ in self.failures.values())
        if failed <= limit * self.sampled:
            return []
        told = f"{failed:,} of {self.sampled:,} pictures cannot be used, at most {limit:.0%} may"
        return [f"{told} -> {NO_PICTURES}"]


def check_pictures(rows: Sequence[Mapping[str, Any]], settings: Settings) -> PictureCheck | None:
    """Checks pictures from all over the rows, without a network; None if no row names one.

    Of an address only the place is judged: whether the image roots allow it.
    """
    named = [ref for row in rows for ref in row["image_refs"] or ()]
    if not named:
        return None
    try:
        resolver = Resolver(settings.image_roots, settings.fetch)
    except CausalrecError as error:
        return PictureCheck(len(named), 0, {}, {"no image root": (len(named), str(error))}, len(named))
    task = InspectTask(resolver, settings.features.image)
    sample = _spread(list(dict.fromkeys(named)))
    found = [(ref, one) for ref in sample if (one := _looked_at(ref, task))]
    formats = Counter(str(one["format"]) for _, one in found if one.get("reason_code") is None)
    failures: dict[str, tuple[int, str]] = {}
    for ref, one in found:
        reason = one.get("reason_code")
        if reason is not None:
            count, example = failures.get(str(reason), (0, f"{ref}: {one['detail']}{_meant(ref, task)}"))
            failures[str(reason)] = (count + 1, example)
    return PictureCheck(len(named), len(found), formats, failures, len(sample))


def _spread(references: Sequence[str]) -> list[str]:
    """At most :data:`SAMPLE` of them, at equal distances."""
    step = max(len(references) / SAMPLE, 1)
    return [references[int(place * step)] for place in range(min(len(references), SAMPLE))]


def _looked_at(reference: str, task: InspectTask) -> Mapping[str, object] | None:
    """What a picture is, or why it cannot be used; None where only a network could tell."""
    if "://" not in reference:
        return task.inspect(reference)
    try:
        task.resolver.locations(reference)
    except ResourceRefused as error:
        return {"reason_code": str(ReasonCode.IMAGE_FORBIDDEN), "detail": error.what}
    return None


def _meant(reference: str, task: InspectTask) -> str:
    """Under which similar name a missing or refused picture can be used; ''."""
    if "://" in reference:
        return ""
    for name in dict.fromkeys(_similar(reference)):
        if name != reference and task.inspect(name).get("reason_code") is None:
            return f"; it is there as {name}"
    return ""


def _similar(reference: str) -> Iterator[str]:
    """Names that differ only by what exports and file systems change."""
    path = unquote(reference.replace("\\", "/")).lstrip("/")
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, path)
        yield text
        yield text.partition("/")[2] or text  # the folder of the pictures itself
        ending = PurePosixPath(text).suffix
        yield from (text.removesuffix(ending) + other for other in (ending.lower(), ending.upper()))
