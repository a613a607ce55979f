"""Qdrant in its local mode: collections of a night, aliases that move, points that are erased."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import qdrant_client as qdrant
from qdrant_client.http.exceptions import ApiException

from causalrec.config.export import QdrantSettings
from causalrec.erasure.exports import QdrantStore
from causalrec.erasure.store import Found
from causalrec.errors import ExportError
from causalrec.lake import Lake
from causalrec.lake.upkeep.subject import Subject
from causalrec.scoring.export import Exported, read_night
from causalrec.scoring.export.qdrant import connected, is_server, prefix_of, to_qdrant
from tests.scoring.export.nights import DS, NEXT, publish_night, publish_vectors

USERS, ITEMS = "causalrec_demo_user_vectors", "causalrec_demo_item_vectors"


@pytest.fixture
def settings(tmp_path: Path) -> QdrantSettings:
    return QdrantSettings(url=str(tmp_path / "qdrant"))


def send(lake: Lake, settings: QdrantSettings, ds: dt.date = DS) -> tuple[Exported, ...]:
    return to_qdrant(read_night(lake, ds), settings, "demo", None)


def test_the_nearest_items_of_a_user(lake: Lake, settings: QdrantSettings) -> None:
    publish_night(lake, DS)
    items, users = publish_vectors(lake, DS)
    done = send(lake, settings)
    assert [(one.table, one.rows, one.where, one.state) for one in done] == [
        ("item_vectors", 200, ITEMS, "written"), ("user_vectors", 30, USERS, "written"),
    ]  # fmt: skip
    best = np.argsort(-(items @ users[7]))[:5]
    with connected(settings, None) as client:
        models = qdrant.models
        where = models.FieldCondition(key="user_id", match=models.MatchValue(value="u0007"))
        (user,), _ = client.scroll(USERS, models.Filter(must=[where]), with_vectors=True, limit=1)
        hits = client.query_points(ITEMS, query=user.vector, limit=5).points
    assert [hit.payload["item_id"] for hit in hits] == [f"i{place:04d}" for place in best]
    assert [hit.score for hit in hits] == pytest.approx((items[best] @ users[7]).tolist(), rel=1e-5)
    assert hits[0].payload | {"item_id": ""} == {
        "item_id": "", "log_factor": 0.0, "ordered_by": "dot", "model_version": "1", "dataset_id": "d",
        "ds": str(DS),
    }  # fmt: skip
    assert {one.state for one in send(lake, settings)} == {"up to date"}


def test_the_next_night_takes_the_aliases_and_the_old_one_goes(lake: Lake, settings: QdrantSettings) -> None:
    for ds, width in ((DS, 3), (NEXT, 4)):
        publish_night(lake, ds)
        publish_vectors(lake, ds, width)
        assert {one.state for one in send(lake, settings, ds)} == {"written"}
    with connected(settings, None) as client:
        served = {one.alias_name: one.collection_name for one in client.get_aliases().aliases}
        assert set(served) == {USERS, ITEMS}
        assert {one.name for one in client.get_collections().collections} == set(served.values())
        assert len(client.scroll(ITEMS, with_vectors=True, limit=1)[0][0].vector) == 4


def test_points_that_went_are_sent_again(lake: Lake, settings: QdrantSettings) -> None:
    publish_night(lake, DS)
    publish_vectors(lake, DS)
    send(lake, settings)
    with connected(settings, None) as client:
        (gone,), _ = client.scroll(USERS, limit=1)
        client.delete(USERS, qdrant.models.PointIdsList(points=[gone.id]))
        assert client.count(USERS).count == 29
    assert {one.state for one in send(lake, settings)} == {"written"}
    with connected(settings, None) as client:
        assert client.count(USERS).count == 30
        assert len(client.get_collections().collections) == 2


def test_a_folder_is_no_server(settings: QdrantSettings) -> None:
    server = QdrantSettings(url="http://host:6333", prefix="p")
    assert (is_server(settings), is_server(server)) == (False, True)
    assert (prefix_of(settings, "shop"), prefix_of(server, "shop")) == ("causalrec_shop", "p")


def test_what_a_server_says_is_one_line(settings: QdrantSettings) -> None:
    with pytest.raises(ExportError, match=r"^qdrant: a b x{296} -> "), connected(settings, None):
        raise ApiException("a\n  b " + "x" * 400)


def test_erased_users_and_items_have_no_point(lake: Lake, settings: QdrantSettings) -> None:
    publish_night(lake, DS)
    publish_vectors(lake, DS)
    send(lake, settings)
    store = QdrantStore(settings, "causalrec_demo", None)
    for subject in (Subject.user("u0007"), Subject(("item", "i0009"))):
        assert store.find(subject) == Found.of(points=1)
        store.erase(subject)
        assert store.find(subject) == Found("not there")
    with connected(settings, None) as client:
        assert [client.count(name).count for name in (ITEMS, USERS)] == [199, 29]


def test_refusals_say_what_to_do(lake: Lake, settings: QdrantSettings) -> None:
    publish_night(lake, DS)
    with pytest.raises(ExportError, match=r"has no vectors -> set export.vectors = true"):
        send(lake, settings)
    publish_vectors(lake, DS)
    nowhere = QdrantSettings(url="http://127.0.0.1:1")
    with pytest.raises(ExportError, match="CAUSALREC_QDRANT_API_KEY"):
        send(lake, nowhere)
    found = QdrantStore(nowhere, "causalrec_demo", None).find(Subject.user("u0007"))
    assert found.state == "not searched"
