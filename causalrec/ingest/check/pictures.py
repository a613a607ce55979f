"""Whether the pictures that a catalogue names exist and have a supported format."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from causalrec.config import Settings
from causalrec.errors import CausalrecError
from causalrec.pictures.read import InspectTask
from causalrec.pictures.resolver import Resolver

SAMPLE = 50


@dataclass(frozen=True)
class PictureCheck:
    """A sample of the pictures: usable ones by format, the others by reason with an example."""

    named: int
    looked_at: int
    formats: Mapping[str, int]
    failures: Mapping[str, tuple[int, str]]


def check_pictures(rows: Sequence[Mapping[str, Any]], settings: Settings) -> PictureCheck | None:
    """Checks the first pictures that need no network; None if no row names one."""
    named = [ref for row in rows for ref in row["image_refs"] or ()]
    near = [ref for ref in dict.fromkeys(named) if "://" not in ref][:SAMPLE]
    if not named:
        return None
    formats: Counter[str] = Counter()
    failures: dict[str, tuple[int, str]] = {}
    try:
        task = InspectTask(Resolver(settings.image_roots, settings.fetch), settings.features.image)
    except CausalrecError as error:
        return PictureCheck(len(named), 0, {}, {"no image root": (len(near), str(error))})
    for ref in near:
        found = task.inspect(ref)
        reason = found.get("reason_code")
        if reason is None:
            formats[str(found["format"])] += 1
        else:
            count, example = failures.get(str(reason), (0, f"{ref}: {found['detail']}"))
            failures[str(reason)] = (count + 1, example)
    return PictureCheck(len(named), len(near), formats, failures)
