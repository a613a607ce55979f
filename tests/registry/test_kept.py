"""What models in use are pinned to, and the upkeep that leaves it alone."""

import datetime as dt
import json
from collections.abc import Iterator

import pytest

from causalrec.errors import PinError, RegistryError
from causalrec.lake import Lake, Pin
from causalrec.registry.kept import live_pins
from causalrec.registry.store import connect
from causalrec.run import open_run
from jobs import maintain
from jobs._stage.runner import run

from .conftest import Shop
from .shop import replace_partition

DAY = dt.date(2026, 3, 1)


@pytest.fixture
def pinned(shop: Shop) -> Iterator[Shop]:
    """The challenger's run says that it read ``popular_items`` at version 2."""
    client = connect(shop.settings)
    before = client.get_run(shop.version.run_id).data.tags["pins"]
    client.set_tag(shop.version.run_id, "pins", json.dumps({"popular_items": 2}))
    yield shop
    client.set_tag(shop.version.run_id, "pins", before)


def popular(lake: Lake, count: int) -> None:
    blank = {"string": "", "int32": count, "int64": count, "double": 1.0}
    schema = lake.table("popular_items").schema
    row = {field.name: blank[str(field.type)] for field in schema if field.name != "ds"}
    replace_partition(lake, "popular_items", DAY, [row])


def test_pins_come_from_the_registry(pinned: Shop) -> None:
    assert live_pins(pinned.settings, pinned.lake) == (Pin("popular_items", 2),)


def test_a_model_without_pins_stops_the_upkeep(pinned: Shop) -> None:
    connect(pinned.settings).set_tag(pinned.version.run_id, "pins", "lost")
    with pytest.raises(RegistryError, match=r"version 1 .* has no record of its table versions"):
        live_pins(pinned.settings, pinned.lake)


def test_the_job_keeps_what_the_challenger_needs(pinned: Shop) -> None:
    settings = pinned.settings.model_copy(
        update={
            "paths": pinned.settings.paths.model_copy(update={"lake": "another_lake"}),
            "lake": pinned.settings.lake.model_copy(update={"vacuum_hours": 0}),
        }
    )
    lake = Lake(settings.lake_root, settings.lake)
    for count in (1, 2, 3):
        popular(lake, count)

    def maintained() -> str:
        return run(maintain.JOB, open_run(settings, DAY))[-1].run_id

    first = maintained()
    table = lake.table("popular_items")
    assert [row["rank"] for v in (2, 3) for row in table.read(version=v).to_pylist()] == [2, 3]
    with pytest.raises(PinError):
        table.read(version=1)
    assert maintained() == first  # nothing was written since
    popular(lake, 4)
    assert maintained() != first
