"""Writes the tables of the documentation that are generated from code: ``python -m infra.doc_tables``."""

import re
from pathlib import Path

from causalrec.config.reference import settings_reference
from causalrec.contracts.markdown import contract_table
from causalrec.pipeline import stage_table

DOCS = Path(__file__).parents[1] / "docs"
LANDING = "`landing_"  # contracts of deliveries, which are not tables of the lake


def drawn() -> dict[Path, str]:
    """The pages with such tables, as they should be."""
    tables = "\n".join(row for row in contract_table().splitlines() if LANDING not in row)
    return {
        DOCS / "settings.md": settings_reference(),
        DOCS / "architecture.md": _with_table(DOCS / "architecture.md", stage_table()),
        DOCS / "tables.md": _with_table(DOCS / "tables.md", tables),
    }


def _with_table(page: Path, table: str) -> str:
    """The page with ``table`` instead of the one with the same header."""
    head = re.escape(table.partition("\n")[0])
    text, found = re.subn(rf"^{head}\n(\|.*\n)+", lambda _: f"{table}\n", page.read_text("utf-8"), flags=re.M)
    if found != 1:
        raise ValueError(f"{page} holds {found} tables with the head {head}, expected one")
    return text


def main() -> None:
    """Replaces the pages that differ."""
    for page, text in drawn().items():
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
