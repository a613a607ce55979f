"""The pages that stages and commands have written, so that the site leads to each of them."""

import re
from dataclasses import dataclass
from pathlib import Path

from causalrec.store import Location

DATA_DOCS = "quality/data_docs/pages/index.html"  # Great Expectations' own pages
KINDS = (
    ("Nights", r"nightly_(?P<of>\d{4}-\d\d-\d\d)", "Night of {of}"),
    ("Encoders and pictures", r"features_(?P<of>\d{4}-\d\d-\d\d)", "Encoders on {of}"),
    ("Reviews of models", r"review_(?P<of>.+)", "Review of version {of}"),
    ("Live behaviour", r"monitoring()", "Monitoring"),
    ("Changes of rules", r"rules_(?P<of>\d{4}-\d\d-\d\d)", "Rules on {of}"),
    ("Shoppers", r"user_(?P<of>\d{4}-\d\d-\d\d_.+)", "Shopper {of}"),
)
OTHERS = "Other pages"


@dataclass(frozen=True)
class Existing:
    """A page in the report folder.

    Attributes:
        file: its name there.
        kind: heading under which the site lists it.
        of: the date or version that it is about; empty where it is about all of them.
    """

    file: str
    kind: str
    title: str
    of: str

    @property
    def view(self) -> str:
        """The page of the site that shows it under the common navigation."""
        return f"view_{self.file}"


def existing(reports: Location) -> list[Existing]:
    """Every page in the report folder, the newest of each kind first."""
    names = [name for name in reports.listing() if name.endswith(".html")]
    found = [_named(Path(name)) for name in reversed(names)]
    order = [kind for kind, _, _ in KINDS] + [OTHERS]
    return sorted(found, key=lambda page: order.index(page.kind))


def _named(file: Path) -> Existing:
    for kind, pattern, title in KINDS:
        if match := re.fullmatch(pattern, file.stem):
            of = match.groupdict().get("of") or ""
            return Existing(file.name, kind, title.format(of=of), of)
    return Existing(file.name, OTHERS, file.stem.replace("_", " ").capitalize(), "")
