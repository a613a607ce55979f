"""Pictures in = pictures that can be used + pictures with a reason, whatever the mixture."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.features import ImageSettings
from causalrec.pictures.read import InspectTask
from causalrec.pictures.resolver import Resolver
from tests.pictures.samples import REASONS, UMLAUT, as_shops_have_them

CAPS = ImageSettings()


ELSEWHERE = {
    "shirt.jpg": "image_missing",  # .JPG on the disk
    "none.png": "image_missing", "50%20#~.png": "image_forbidden", "images/plain.jpg": "image_missing",
    UMLAUT: "image_missing",  # composed, the file's name is not
    "/plain.jpg": "image_forbidden", "a\\b.png": "image_forbidden", "https://other.example/x.png":
    "image_forbidden", "https://[/x.png": "image_forbidden", "../plain.jpg": "image_forbidden",
    "": "image_forbidden", "x" * 5_000: "image_forbidden", "a\nb.png": "image_forbidden",
}  # fmt: skip


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> InspectTask:
    root: Path = tmp_path_factory.mktemp("pictures")
    for name, data in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(data)
    return InspectTask(Resolver((str(root),)), CAPS)


FILES = as_shops_have_them()
ALL = [*FILES, *ELSEWHERE]


def test_every_reference_has_its_outcome(task: InspectTask) -> None:
    found = {ref: task.inspect(ref).get("reason_code") for ref in ALL}
    assert found == {ref: REASONS.get(ref) for ref in FILES} | ELSEWHERE


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(st.sampled_from(ALL), max_size=6), max_size=3))
def test_a_mixture_adds_up(task: InspectTask, mixture: list[list[str]]) -> None:
    batches = [pa.RecordBatch.from_pydict({"image_ref": pa.array(refs, pa.string())}) for refs in mixture]
    rows = [row for batch in task(iter(batches)) for row in batch.to_pylist()]
    assert [row["image_ref"] for row in rows] == [ref for refs in mixture for ref in refs]
    for row in rows:
        usable = row["sha256"] is not None
        assert usable == (row["reason_code"] is None) == (row["image_ref"] in FILES.keys() - REASONS.keys())
        assert usable or row["detail"]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["", "https://", "http://[", "s3://", "plain.jpg", "//"]))
def test_no_reference_ends_a_batch(task: InspectTask, text: str, before: str) -> None:
    (row,) = [task.inspect(before + text)]
    assert ("sha256" in row) != ("reason_code" in row)
