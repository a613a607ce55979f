"""Where no rule is about a person, the rows of a table stay what they are."""

from pathlib import Path
from typing import Any

import pytest

from causalrec.scoring.behaviour.personal import permitted
from tests.registry.shop import settings_in


@pytest.mark.parametrize(
    "table", ["complements", "cart_lists", "recent_items", "audiences", "trending_items"]
)
def test_rows_without_rules(table: str) -> None:
    rows: Any = object()
    settings = settings_in(Path("/nowhere"))
    assert permitted(settings, table, rows) is rows
