"""What the check of one delivery has found."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from causalrec.ingest.check.pictures import PictureCheck
from causalrec.ingest.check.sample import FileCheck
from causalrec.sources.landing import Kind

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class DeliveryCheck:
    """What was found in one delivery.

    Attributes:
        kind, date: which delivery; None if nothing of this kind has arrived.
        dates: arrival dates of this kind in all.
        files: the files that are read, sampled. unread: name -> why it is not read.
        rejects: reason -> (sampled rows, an example, the fix).
        nulled: "column reason" -> (sampled rows that lose this field, an example, the fix).
        rows: sampled rows. left_out: those that the layout filters out.
        share: of the delivery that these rows are, from 0 to 1, by the bytes of its files.
        remarks: sentences on days, ids and pictures. warnings: on what no rule would notice.
        toml: settings to paste; '' if none are missing.
        refuse_unread: whether unread files stop a night.
        refused: why the gate would stop a night, judging by the sampled rows.
    """

    kind: Kind
    date: dt.date | None
    dates: int = 0
    files: tuple[FileCheck, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    rejects: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    nulled: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    rows: int = 0
    left_out: int = 0
    share: float = 1.0
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    pictures: PictureCheck | None = None
    toml: str = ""
    refuse_unread: bool = True
    refused: tuple[str, ...] = ()

    @property
    def blocking(self) -> list[str]:
        """Why a night would refuse this delivery as a whole."""
        found = _grouped([one.problem for one in self.files if one.problem], [one.name for one in self.files])
        if self.unread and self.refuse_unread:
            name, why = next(iter(self.unread.items()))
            found.append(
                f"{self.kind} {self.date}: {len(self.unread)} files are not read, for example {name}: {why}"
            )
        return [*found, *self.refused]


def _grouped(problems: Sequence[str], names: Sequence[str]) -> list[str]:
    """One line for all files that have the same problem."""
    alike: dict[str, list[str]] = {}
    for problem in problems:
        what = _DIGITS.sub("", problem)
        for name in sorted(names, key=len, reverse=True):
            what = what.replace(_DIGITS.sub("", name), "")
        alike.setdefault(what, []).append(problem)
    return [
        one[0] if len(one) == 1 else f"{one[0]} (and {len(one) - 1:,} more files likewise)"
        for one in alike.values()
    ]
