"""Which changes there are, exactly, and what is left alone."""

import pytest

from infra.mutants.changes import changes

SOURCE = '''"""A docstring."""
from x import y

def f(a: int = 3, *, b: bool = True) -> "int | 1":
    """Another one."""
    if a <= 2 and not b:
        log(a)
    if y:
        raise ValueError(f"{a + 1}" + "text")
    return a - 1 if 1 < a != 4 else None
'''


def test_every_change_of_a_function() -> None:
    found = {(change.before, change.after) for change in changes(SOURCE.encode())}
    assert found == {
        ("3", "4"),
        ("True", "False"),
        ("a <= 2 and not b", "(a <= 2 or not b)"),
        ("a <= 2", "(a < 2)"),
        ("2", "3"),
        ("not b", "(b)"),
        ("log(a)", "pass"),
        ("y", "(not y)"),
        ("return a - 1 if 1 < a != 4 else None", "return None"),
        ("a - 1", "(a + 1)"),
        ("1", "2"),
        ("1 < a != 4", "(1 <= a != 4)"),
        ("1 < a != 4", "(1 < a == 4)"),
        ("4", "5"),
    }


def test_a_change_is_made_in_its_place_only() -> None:
    source = "größe = 1\nx = größe == 1  # 1 == 1\n".encode()
    (swapped,) = (change for change in changes(source) if change.after == "(größe != 1)")
    assert swapped.line == 2
    assert swapped.applied(source).decode() == "größe = 1\nx = (größe != 1)  # 1 == 1\n"


@pytest.mark.parametrize(
    "source",
    [
        "x = 'a'\n",
        "if TYPE_CHECKING:\n    x = 1\n",
        "assert 1 < 2\n",
        "LOG.info('%d rows', 1 + 1)\n",
        "x = Refusal(do=advice(1 + 1))\n",
        "",
    ],
)
def test_nothing_to_change(source: str) -> None:
    assert changes(source.encode()) == []
