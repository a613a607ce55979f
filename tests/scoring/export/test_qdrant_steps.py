"""What is asked of Qdrant, step by step, without its client; test_qdrant.py has the real one."""

from types import SimpleNamespace
from typing import Any

import pytest

from causalrec.config.export import QdrantSettings
from causalrec.errors import ExportError
from causalrec.lake import Lake
from causalrec.scoring.export import qdrant as exporting
from causalrec.scoring.export import read_night
from causalrec.scoring.export.erase_qdrant import count_points, erase_points
from causalrec.scoring.export.qdrant import collections, connected, is_server, prefix_of, to_qdrant

from .nights import DS, NEXT, publish_night, publish_vectors
from .qdrant_stub import ApiError, Server, installed

SETTINGS = QdrantSettings(url="http://host:6333", prefix="p")
ITEMS, USERS = "p_item_vectors", "p_user_vectors"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return installed(monkeypatch)


def publish(lake: Lake) -> None:
    for ds, width in ((DS, 3), (NEXT, 4)):
        publish_night(lake, ds, users=2, lists=False)
        publish_vectors(lake, ds, width)


def test_a_night_is_loaded_then_served_and_the_one_before_goes(
    lake: Lake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lake)
    monkeypatch.setattr(exporting, "ROWS_AT_ONCE", 90)
    server.create_collection("p_other", vectors_config=SimpleNamespace(size=1, distance="dot"))
    told: list[tuple[str, int]] = []
    done = to_qdrant(read_night(lake, DS), SETTINGS, "shop", "key", lambda *said: told.append(said))
    assert [(one.target, one.table, one.rows, one.lists, one.where, one.state) for one in done] == [
        ("qdrant", "item_vectors", 200, 200, ITEMS, "written"),
        ("qdrant", "user_vectors", 30, 30, USERS, "written"),
    ]  # fmt: skip
    assert all(0 <= one.seconds < 60 for one in done)
    assert server.options == [
        {
            "url": "http://host:6333", "api_key": "key", "timeout": 60, "check_compatibility": False,
            "prefer_grpc": False,
        }
    ]  # fmt: skip
    first = dict(server.aliases)
    assert {len(name.rpartition("_")[2]) for name in first.values()} == {8}
    held = server.held[first[ITEMS]]
    assert (held.size, held.distance, held.indexed) == (3, "dot", [("item_id", "keyword")])
    assert (held.batches, sorted(held.points)) == ([90, 90, 20], list(range(200)))
    assert server.held[first[USERS]].indexed == [("user_id", "keyword")]
    assert told == [("qdrant item_vectors", n) for n in (90, 90, 20)] + [("qdrant user_vectors", 30)]
    assert (all(server.waited), server.moves, server.closed) == (True, 1, 1)
    payload = held.points[0][1]
    assert set(payload) == {"item_id", "log_factor", "ordered_by", "model_version", "dataset_id", "ds"}
    assert payload["ds"] == str(DS)
    assert len(held.points[0][0]) == 3

    again = to_qdrant(read_night(lake, DS), SETTINGS, "shop", None)
    assert [(one.state, one.rows) for one in again] == [("up to date", 200), ("up to date", 30)]
    assert (server.aliases, server.moves) == (first, 1)
    to_qdrant(read_night(lake, NEXT), SETTINGS, "shop", None)
    assert not set(first.values()) & set(server.aliases.values())
    assert set(server.held) == {*server.aliases.values(), "p_other"}
    assert {server.held[name].size for name in server.aliases.values()} == {4}


def test_points_that_went_are_sent_again(lake: Lake, server: Server) -> None:
    publish(lake)
    to_qdrant(read_night(lake, DS), SETTINGS, "shop", None)
    first = dict(server.aliases)
    del server.held[first[USERS]].points[7]
    assert {one.state for one in to_qdrant(read_night(lake, DS), SETTINGS, "shop", None)} == {"written"}
    assert not set(first.values()) & set(server.held)
    del server.aliases[ITEMS]
    assert {one.state for one in to_qdrant(read_night(lake, DS), SETTINGS, "shop", None)} == {"written"}
    assert len(server.held) == 2


def test_what_did_not_arrive_is_not_served(lake: Lake, server: Server) -> None:
    publish(lake)
    server.lost = 1
    with pytest.raises(ExportError, match="200 of 200 rows of item_vectors arrived; the aliases stay"):
        to_qdrant(read_night(lake, DS), SETTINGS, "shop", None)
    assert (server.aliases, server.moves, server.closed) == ({}, 0, 1)


def test_points_of_the_erased_go_in_every_collection(lake: Lake, server: Server) -> None:
    publish(lake)
    to_qdrant(read_night(lake, DS), SETTINGS, "shop", None)
    server.held[f"{ITEMS}_old_1"] = server.held[server.aliases[ITEMS]]
    client: Any = server
    items = {"item_id": ("i0001", "i0002", "gone")}
    assert count_points(client, "p", items) == 4
    assert count_points(client, "p", {"user_id": ("u0003",), "item_id": ()}) == 1
    assert count_points(client, "q", items) == 0
    erase_points(client, "p", items)
    assert server.waited[-1]
    assert count_points(client, "p", items) == 0
    assert len(server.held[server.aliases[ITEMS]].points) == 198
    assert len(server.held[server.aliases[USERS]].points) == 30
    assert collections(client, "p") == sorted(server.held)


def test_a_folder_is_no_server(lake: Lake, server: Server) -> None:
    folder = QdrantSettings(url="/data/qdrant")
    assert (is_server(folder), is_server(SETTINGS)) == (False, True)
    assert (prefix_of(folder, "shop"), prefix_of(SETTINGS, "shop")) == ("causalrec_shop", "p")
    publish(lake)
    to_qdrant(read_night(lake, DS), folder, "shop", None)
    assert server.options[0]["path"] == "/data/qdrant"
    assert "url" not in server.options[0]
    assert {tuple(one.indexed) for one in server.held.values()} == {()}


def test_what_a_server_says_is_one_line(server: Server) -> None:
    said = r"^qdrant: a b x{296} -> check the server at http://host:6333"
    with pytest.raises(ExportError, match=said), connected(SETTINGS, None):
        raise ApiError("a\n  b " + "x" * 400)
    assert server.closed == 1


def test_vectors_of_both_kinds_are_needed(lake: Lake, server: Server) -> None:
    publish_night(lake, DS)
    with pytest.raises(ExportError, match="has no vectors"):
        to_qdrant(read_night(lake, DS), SETTINGS, "shop", None)
    assert server.options == []
