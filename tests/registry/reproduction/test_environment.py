"""How another environment differs from the recorded one."""

import importlib.metadata

from causalrec.registry.reproduction.environment import Difference, _installed, differences, needed


def test_only_what_was_recorded_is_compared() -> None:
    recorded = {"machine": {"python": "3.11", "free_threads": "2", "gone": "x"}, "old": {"a": "1"}}
    here = {"code": {"version": "1"}, "machine": {"python": "3.11", "free_threads": "4", "new": "y"}}
    assert differences(recorded, here) == [
        Difference("code", "not recorded", "-"),
        Difference("machine: free threads", "2", "4"),
        Difference("machine: gone", "x", "none"),
    ]
    assert differences(here, here) == []


def test_a_package_that_is_no_longer_needed_is_still_looked_up() -> None:
    numpy = importlib.metadata.version("numpy")
    recorded = {"packages": {"numpy": numpy, "no-such-package": "1"}}
    assert differences(recorded, {"packages": {}}) == [Difference("packages: no-such-package", "1", "none")]
    recorded = {"machine": {"numpy": "1"}}
    assert differences(recorded, {"machine": {}}) == [Difference("machine: numpy", "1", "none")]


def test_what_is_needed_is_installed_sorted_and_in_one_spelling() -> None:
    found = needed(["Pandas", "no.such_package"])
    assert found == sorted(set(found))
    assert {"pandas", "numpy", "python-dateutil", "six"} <= set(found)
    assert not {"pytest", "no-such-package", "Pandas"} & set(found)
    assert needed(["python_dateutil"]) == ["python-dateutil", "six"]
    assert [_installed(name) for name in ("numpy", "no-such-package")] == [True, False]
