"""Pictures of a catalogue, looked at without a network: what is usable, and what may be meant."""

import unicodedata
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.ingest.check.pictures import SAMPLE, check_pictures
from tests.pictures.samples import encoded, scene

PICTURE = encoded(scene(), "PNG")
COMPOSED = unicodedata.normalize("NFC", "é.png")
MEANT = {  # as named by the catalogue -> as it lies there
    "images/a.png": "a.png", "b%20c.png": "b c.png", "/d.png": "d.png", "sub\\e.png": "sub/e.png",
    "f.jpg": "f.JPG", COMPOSED: unicodedata.normalize("NFD", COMPOSED),
}  # fmt: skip


def shop(folder: Path, **files: bytes) -> Settings:
    (folder / "images" / "sub").mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / "images" / name).write_bytes(data)
    return Settings.model_validate({"paths": {"work": folder, "landing": str(folder)}})


@pytest.mark.parametrize("named", MEANT)
def test_a_picture_under_a_similar_name_is_named(tmp_path: Path, named: str) -> None:
    found = check_pictures([{"image_refs": [named]}], shop(tmp_path, **{MEANT[named]: PICTURE}))
    assert found is not None
    ((count, example),) = found.failures.values()
    assert count == 1
    assert example.startswith(f"{named}: ")
    assert example.endswith(f"; it is there as {MEANT[named]}")


def test_the_sample_is_spread_over_the_rows_and_addresses_are_judged_by_place(tmp_path: Path) -> None:
    rows: list[dict[str, list[str] | None]] = [{"image_refs": ["a.png"]}]
    rows += [{"image_refs": [f"gone{n}.png"]} for n in range(10 * SAMPLE)]
    rows.append({"image_refs": None})
    found = check_pictures(rows, shop(tmp_path, **{"a.png": PICTURE}))
    assert found is not None
    assert (found.named, found.looked_at, found.formats) == (501, SAMPLE, {"PNG": 1})
    assert found.failures["image_missing"][0] == SAMPLE - 1
    allowed = shop(tmp_path).model_copy(
        update={
            "paths": shop(tmp_path).paths.model_copy(update={"image_roots": ("https://cdn.example.com/a",)})
        }
    )
    both = {"image_refs": ["https://cdn.example.com/a/b.jpg", "https://else.example.com/b.jpg"]}
    found = check_pictures([both], allowed)
    assert found is not None
    assert (found.looked_at, {reason: n for reason, (n, _) in found.failures.items()}) == (
        1, {"image_forbidden": 1},
    )  # fmt: skip
    assert check_pictures([{"image_refs": []}], allowed) is None
