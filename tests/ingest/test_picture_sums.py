"""Every picture that a catalogue names is used, or refused with a reason: nothing is lost, nothing raises."""

import tempfile
import unicodedata
from pathlib import Path

import pillow_heif
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.features import ImageSettings
from causalrec.errors import ReasonCode
from causalrec.pictures.read import InspectTask
from causalrec.pictures.resolver import Resolver
from tests.pictures.samples import REASONS, as_shops_have_them, encoded, png_of_size, scene

pillow_heif.register_heif_opener()
CAPS = ImageSettings()
WHOLE = {
    kind: encoded(scene(), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF")
}
FILES = {
    **WHOLE,
    "empty": b"", "page": b"<!doctype html><html></html>", "drawing": b"<svg xmlns='x'/>",
    "bomb": png_of_size(60_000, 60_000), "dot": encoded(scene().resize((1, 1)), "PNG"),
    "end mark gone": WHOLE["JPEG"][:-2],
    **{f"half {kind}": data[: len(data) // 2] for kind, data in WHOLE.items()},
    **as_shops_have_them(),
}  # fmt: skip
GOOD = {*WHOLE, "end mark gone", *(as_shops_have_them().keys() - REASONS.keys())}
NAMES = [
    "a.jpg", "a.JPG", "sub/a.png", "a b.jpg", "w_400,h_400/a.jpg", "100%.jpg", "a#1.jpg", "~a.jpg", "a;b.jpg",
    unicodedata.normalize("NFC", "é.jpg"), unicodedata.normalize("NFD", "é.jpg"), "日本.png", "-rf.jpg",
    "no ending", "'a'.jpg", "a&b.jpg", "[a].jpg", "a=b.jpg", ".hidden.jpg", "😀.webp",
]  # fmt: skip
REFUSED = [
    "", " ", "..", "../a.jpg", "/a.jpg", "sub\\a.png", "a%20b.jpg", "a%2Fb.jpg", "C:/a.jpg", "~/a.jpg",
    "file:///etc/passwd", "https://cdn.example.com/a.jpg", "http://[", "data:image/png;base64,AA",
    "a\x00.jpg", "s3://bucket/a.jpg", "x" * 3_000, "images/a.jpg", "gone.jpg", "sub", "a.jpg/b.jpg",
]  # fmt: skip
DELIVERED = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(sorted(FILES)), max_size=6)


@given(DELIVERED, st.lists(st.sampled_from([*NAMES, *REFUSED]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_every_reference_comes_out_once(delivered: dict[str, str], named: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in delivered.items():
            file = Path(folder, name)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(FILES[content])
        batch = pa.RecordBatch.from_pydict({"image_ref": pa.array(named, pa.string())})
        found = [row for one in InspectTask(Resolver((folder,)), CAPS)([batch]) for row in one.to_pylist()]
    assert [row["image_ref"] for row in found] == named
    for row in found:
        if row["reason_code"] is None:
            given_file = delivered[row["image_ref"]]
            assert given_file in GOOD
            assert row["sha256"]
            assert row["bytes"] == len(FILES[given_file])
        else:
            assert row["reason_code"] in [code.value for code in ReasonCode]
            assert row["detail"]
            assert row["sha256"] is None


def test_each_kind_of_file_has_its_own_outcome(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    task = InspectTask(Resolver((str(tmp_path),)), CAPS)
    outcomes = {name: task.inspect(name).get("reason_code") for name in FILES}
    assert {name for name, reason in outcomes.items() if reason is None} == GOOD
    others = {name: outcomes[name] for name in ("empty", "page", "drawing", "bomb", "dot")}
    assert others == {
        "empty": "image_empty", "page": "image_not_an_image", "drawing": "image_not_an_image",
        "bomb": "image_bad_size", "dot": "image_bad_size",
    }  # fmt: skip
    assert {outcomes[name] for name in outcomes if name.startswith("half")} <= {
        "image_corrupt", "image_not_an_image",
    }  # fmt: skip
