"""A night whose stages run by turns on two machines that share one store and nothing else."""

from itertools import cycle
from pathlib import Path

import pytest

from causalrec.config import load_settings
from causalrec.pipeline import NIGHTLY, RECORDED
from causalrec.run import open_lake
from jobs._stage.load import load_job
from jobs._stage.runner import EXIT_YES, main
from tests.lake.s3 import BUCKET, REGION, s3_store

pytestmark = [pytest.mark.spark, pytest.mark.server, pytest.mark.slow]

DS = "2026-03-01"
SETTINGS = """
[paths]
work = "{machine}"
store = "s3://{bucket}/night"
landing = "{shared}/landing" # Spark's workers of this test run were started without the endpoint
lake = "{shared}/lake"
[lake]
endpoint = "{endpoint}"
region = "{region}"
[registry]
tracking_uri = "sqlite:///{shared}/mlflow.db"
artifact_root = "{shared}/artifacts"
[source]
users = 60
items = 30
first_day = 2026-02-24
days = 6
[source.demo]
picture_side = 64
[model.response]
sweeps = 20
order = "logged" # beats popularity on held-out pairs even in so small a shop
[gate]
auto_approve = "always"
refuters = []
"""


@pytest.mark.usefixtures("spark")
def test_every_stage_finds_what_another_machine_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with s3_store() as endpoint:
        files = []
        for name in ("one", "other"):
            machine = tmp_path / name
            (machine / "home").mkdir(parents=True)
            files.append(machine / "shop.toml")
            text = SETTINGS.format(
                machine=machine, shared=tmp_path / "shared", bucket=BUCKET, endpoint=endpoint, region=REGION
            )
            files[-1].write_text(text, encoding="utf-8")
        for stage, file in zip(RECORDED, cycle(files), strict=False):
            monkeypatch.setenv("HOME", str(file.parent / "home"))
            status = main(load_job(stage), ["--ds", DS, "--settings", str(file)])
            assert status == EXIT_YES, capsys.readouterr().out[-2000:]
        settings = load_settings(files[0], {})
        lists = open_lake(settings).table("recommendations").read(where={"ds": [DS]})
        assert 40 < len(set(lists["user_id"].to_pylist())) <= 60  # not everybody chose something
        pages = settings.report_store.listing()
        assert {f"nightly_{DS}.html", f"features_{DS}.html", "review_1.html"} <= set(pages)
        assert "index.html" in settings.report_store.listing("quality/data_docs/pages")
        assert settings.checkpoint_store.files() == []
        assert len(settings.lineage_folder.files()) > len(RECORDED)
        capsys.readouterr()
        for stage, file in zip(NIGHTLY, cycle(reversed(files)), strict=False):
            main(load_job(stage), ["--ds", DS, "--settings", str(file)])
            assert "up to date" in capsys.readouterr().out, stage
    left = {path.name for file in files for path in file.parent.iterdir()}
    assert left <= {"shop.toml", "home", "cache", "truth"}
