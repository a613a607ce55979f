"""What the documentation draws from the code is what the code says, and every setting says what it means."""

from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.config.reference import entries, settings_reference
from infra.doc_tables import drawn

REDRAW = "run `python -m infra.doc_tables` after a change of settings, contracts or stages"


@pytest.mark.parametrize("page", drawn(), ids=lambda page: page.name)
def test_the_documentation_is_drawn_anew(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == drawn()[page], REDRAW


def test_every_setting_has_a_meaning_and_allowed_values() -> None:
    found = list(entries())
    assert [entry.name for entry in found if not entry.meaning] == []
    assert [entry.name for entry in found if not entry.values] == []
    assert len({entry.name for entry in found}) == len(found)


def test_a_section_shows_default_range_and_meaning() -> None:
    lines = settings_reference().splitlines()
    assert "| `scoring.k` | `20` | integer, at least 1 | rows of a list |" in lines
    assert (
        '| `paths.lake` | `"lake"` | text | root of the Delta tables: a folder or a URI such as '
        in "".join(line for line in lines if "paths.lake" in line)
    )
    assert "### features.image" in lines


def test_every_named_setting_exists() -> None:
    for entry in entries():
        value: object = Settings()
        for part in entry.name.split("."):
            value = getattr(value, part)
