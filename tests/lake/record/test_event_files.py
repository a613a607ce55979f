"""Lineage where files cannot be appended to."""

import datetime as dt
import json
from pathlib import Path

from causalrec.config import Settings
from causalrec.lake.record.lineage import Lineage

RUN = "0" * 31 + "1"


def test_each_event_is_a_file(tmp_path: Path) -> None:
    lineage = {"file": f"file://{tmp_path}/lineage/events.jsonl"}
    settings = Settings.model_validate({"paths": {"work": tmp_path / "work"}, "lineage": lineage})
    at = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
    assert Lineage(settings).start(RUN, "land", dt.date(2026, 3, 1), at) is None
    (name,) = settings.lineage_folder.files()
    assert name == "2026-03-02/00000000-0000-0000-0000-000000000001-START.json"
    event = json.loads((tmp_path / "lineage" / "events" / name).read_text(encoding="utf-8"))
    assert (event["eventType"], event["job"]["name"]) == ("START", "land")


def test_a_store_that_does_not_answer_is_told(tmp_path: Path) -> None:
    lineage = {"file": "s3://shop/lineage/events.jsonl"}
    lake = {"endpoint": "http://127.0.0.1:9", "region": "eu-west-1"}
    tree = {"paths": {"work": tmp_path}, "lineage": lineage, "lake": lake}
    said = Lineage(Settings.model_validate(tree)).start(
        RUN, "land", dt.date(2026, 3, 1), dt.datetime.now(dt.UTC)
    )
    assert said is not None
    assert "does not answer" in said
