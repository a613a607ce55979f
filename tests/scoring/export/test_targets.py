"""Which stores an export writes to, and what one failure leaves of the others."""

from types import SimpleNamespace
from typing import Any

import pytest

from causalrec.config import Settings
from causalrec.errors import ExportError, ScoringError, SettingsError
from causalrec.lake import Lake
from causalrec.scoring.export import plugins, run
from causalrec.scoring.export.night import newest_night, read_night
from causalrec.scoring.export.plugins import erasable, export_plugin
from causalrec.scoring.export.run import configured, export

from .nights import DS, NEXT, publish_night, publish_vectors


def settings(**chosen: Any) -> Settings:  # noqa: ANN401 - settings of several types
    return Settings.model_validate({"export": chosen})


ALL = settings(
    parquet="/data/out", postgres={"url": "postgresql://h/d"}, redis={"url": "redis://h"},
    qdrant={"url": "http://h"}, plugins=["mine"],
)  # fmt: skip


def test_stores_that_the_settings_name_in_their_order() -> None:
    assert configured(ALL) == ("parquet", "postgres", "redis", "qdrant", "mine")
    assert configured(settings(parquet="", redis={"url": "redis://h"})) == ("redis",)
    assert configured(settings()) == ("parquet",)


@pytest.mark.parametrize(("vectors", "tables"), [(False, 3), (True, 5)])
def test_every_store_gets_the_night_and_a_failure_is_kept(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, vectors: bool, tables: int
) -> None:
    publish_night(lake, DS, users=2)
    publish_vectors(lake, DS)
    told: dict[str, tuple[object, ...]] = {}

    def writer(name: str) -> Any:  # noqa: ANN401 - a stand-in
        def write(night: Any, *rest: object) -> tuple[str, ...]:  # noqa: ANN401
            told[name] = (len(night.tables), *[one for one in rest if isinstance(one, str | int | None)])
            if name == "redis":
                raise ExportError("it is down", do="wait")
            return (name,)

        return write

    for name in ("parquet", "postgres", "redis", "qdrant"):
        monkeypatch.setattr(run, f"to_{name}", writer(name))
    monkeypatch.setattr(run, "export_plugin", lambda name, night, settings, progress: (name,))
    chosen = ALL.model_copy(update={"export": ALL.export.model_copy(update={"vectors": vectors})})
    found = export(chosen, lake, DS, configured(chosen), {"postgres": "a", "redis": "b"})
    done: Any = found.exported
    assert done == ("parquet", "postgres", "qdrant", "mine")
    assert [(name, error.what) for name, error in found.failed.items()] == [("redis", "it is down")]
    shop, rows = chosen.shop, run.BATCH_ROWS
    assert told == {
        "parquet": (tables, rows), "postgres": (tables, "a", rows), "redis": (tables, shop, "b", rows),
        "qdrant": (tables, shop, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("target", "said"),
    [("redis", "set CAUSALREC__EXPORT__REDIS__URL"), ("odd", "add it to export.plugins; the stores of this")],
)
def test_a_store_that_is_not_configured(target: str, said: str, lake: Lake) -> None:
    with pytest.raises(ExportError, match=f"{target}: no store is configured -> {said}"):
        export(settings(), lake, DS, [target], {})


def test_a_plugin_may_fail_in_any_way(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = None

    def failing(error: Exception) -> Any:  # noqa: ANN401 - a stand-in
        def export(*asked: object) -> None:
            raise error

        return SimpleNamespace(export=export)

    monkeypatch.setattr(plugins, "load_plugin", lambda *asked: failing(ZeroDivisionError("x" * 600)))
    with pytest.raises(ExportError, match=r"mine: ZeroDivisionError: x{475} -> "):
        export_plugin("mine", nothing, nothing, nothing)
    monkeypatch.setattr(plugins, "load_plugin", lambda *asked: failing(ScoringError("own", do="it")))
    with pytest.raises(ScoringError, match="own"):
        export_plugin("mine", nothing, nothing, nothing)
    assert erasable("mine") is None
    able = SimpleNamespace(export=len, count=len, erase=len)
    monkeypatch.setattr(plugins, "load_plugin", lambda *asked: able)
    assert erasable("mine") is able

    def absent(*asked: object) -> None:
        raise SettingsError("no such plug-in", do="install it")

    monkeypatch.setattr(plugins, "load_plugin", absent)
    assert erasable("mine") is None


def test_nights_are_named_by_date_and_content(lake: Lake) -> None:
    with pytest.raises(ScoringError, match="nothing has been published yet"):
        newest_night(lake)
    publish_night(lake, NEXT, users=2, lists=False)
    publish_night(lake, DS, users=2)
    assert newest_night(lake) == NEXT
    found = read_night(lake, DS)
    assert [table.name for table in found.tables] == ["recommendations", "similar_items", "popular_items"]
    assert found.name.startswith("2026-03-01.")
    assert len(found.name) == len("2026-03-01.") + 10
    assert found.name != found.tables[0].night
    first = found.tables[0]
    assert (first.rows, first.key, first.primary_key) == (8, "user_id", ("user_id", "rank"))
    assert first.lists(3) == 2
    assert sum(batch.num_rows for batch in first.batches(3)) == 8
    assert max(batch.num_rows for batch in first.batches(3)) <= 3
    assert read_night(lake, NEXT).empty[:2] == ("similar_items", "popular_items")
    with pytest.raises(ScoringError, match="nothing was published for 2026-03-09"):
        read_night(lake, DS.replace(day=9))
    publish_vectors(lake, DS)
    whole = read_night(lake, DS)
    assert [table.name for table in whole.tables[3:]] == ["item_vectors", "user_vectors"]
    assert whole.tables[3].primary_key == ("item_id",)
    assert whole.only_lists().tables == whole.tables[:3]
    assert "item_vectors" in read_night(lake, NEXT).empty
    assert "item_vectors" not in read_night(lake, NEXT).only_lists().empty
