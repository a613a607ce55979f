"""Pictures are judged from the header; what does not decode is found; every reason is exact."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from causalrec.config.features import ImageSettings
from causalrec.errors import ReasonCode
from causalrec.pictures.header import Header, RejectedPicture, check_picture, load_picture, open_picture
from causalrec.pictures.read import InspectTask
from causalrec.pictures.resolver import Resolver
from tests.pictures.samples import colour_encodings, encoded, grey_encodings, png_of_size, scene

CAPS = ImageSettings()
PNG, JPEG = encoded(scene(), "PNG"), encoded(scene(), "JPEG", quality=95)


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


@pytest.mark.parametrize(
    ("name", "data"), [*colour_encodings(scene()).items(), *grey_encodings(scene()).items()]
)
def test_every_accepted_encoding_passes(name: str, data: bytes) -> None:
    header = check_picture(data, CAPS)
    assert sorted((header.width, header.height)) == [96, 128]
    assert header.format in CAPS.formats


def test_the_header_is_reported_as_stored() -> None:
    assert check_picture(PNG, CAPS) == Header("PNG", 96, 128)
    assert check_picture(encoded(scene(1000, 700), "JPEG"), CAPS) == Header("JPEG", 1000, 700)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", ReasonCode.IMAGE_EMPTY),
        (b"<html><body>404</body></html>", ReasonCode.IMAGE_NOT_AN_IMAGE),
        (b"\xff\xd8\xff", ReasonCode.IMAGE_NOT_AN_IMAGE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", ReasonCode.IMAGE_NOT_AN_IMAGE),
        (JPEG[: len(JPEG) // 2], ReasonCode.IMAGE_CORRUPT),
        (PNG[: len(PNG) // 2], ReasonCode.IMAGE_CORRUPT),
        (flipped(PNG, len(PNG) // 2), ReasonCode.IMAGE_CORRUPT),
        (encoded(scene(4, 4), "PNG"), ReasonCode.IMAGE_BAD_SIZE),
        (encoded(Image.new("RGB", (1, 1)), "PNG"), ReasonCode.IMAGE_BAD_SIZE),
        (encoded(Image.new("L", (20_000, 1)), "PNG"), ReasonCode.IMAGE_BAD_SIZE),
        (encoded(Image.new("L", (13_000, 100)), "PNG"), ReasonCode.IMAGE_BAD_SIZE),
        (png_of_size(8_000, 8_000), ReasonCode.IMAGE_BAD_SIZE),
        (png_of_size(100_000, 100_000), ReasonCode.IMAGE_BAD_SIZE),
    ],
)
def test_a_bad_picture_has_its_reason(data: bytes, reason: ReasonCode) -> None:
    with pytest.raises(RejectedPicture) as caught:
        check_picture(data, CAPS)
    assert caught.value.reason is reason


def test_too_many_bytes_are_refused_before_anything_is_parsed() -> None:
    with pytest.raises(RejectedPicture) as caught:
        open_picture(PNG, ImageSettings(max_bytes=len(PNG) - 1))
    assert caught.value.reason is ReasonCode.IMAGE_TOO_LARGE


WATCHED = """
import sys
from pathlib import Path
from causalrec.config.features import ImageSettings
from causalrec.pictures.header import RejectedPicture, check_picture
from causalrec.training.peak import peak_bytes
from tests.pictures.samples import encoded, scene
check_picture(encoded(scene(), "PNG"), ImageSettings())  # what the library itself needs
bomb = Path(sys.argv[1]).read_bytes()
Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
before = peak_bytes()
try:
    check_picture(bomb, ImageSettings(max_side=20_000, max_pixels=int(sys.argv[2])))
except RejectedPicture as error:
    print(error.reason, peak_bytes() - before)
else:
    print("decoded", peak_bytes() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is watched on Linux only")
def test_a_bomb_costs_no_memory(tmp_path: Path, root: Path) -> None:
    """A compressed 12,000 x 12,000 picture is refused from its header; resident memory stays flat."""
    file = tmp_path / "bomb.png"
    Image.fromarray(np.zeros((12_000, 12_000), np.uint8)).save(file, compress_level=1)

    def grown(most_pixels: int) -> tuple[str, int]:
        command = [sys.executable, "-c", WATCHED, str(file), str(most_pixels)]
        said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split()
        return said[0], int(said[1])

    reason, bytes_grown = grown(CAPS.max_pixels)
    assert reason == ReasonCode.IMAGE_BAD_SIZE
    assert bytes_grown < 8 << 20
    reason, bytes_grown = grown(12_000 * 12_000)  # what it would have cost: the watch can see it
    assert reason == "decoded"
    assert bytes_grown > 100 << 20


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([PNG, JPEG, *colour_encodings(scene(16, 24)).values()]), st.data())
def test_damaged_bytes_give_a_header_or_a_reason_and_nothing_else(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        damaged[place] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(damaged)))
    try:
        assert isinstance(check_picture(bytes(damaged[:cut]), CAPS), Header)
    except RejectedPicture as rejected:
        assert rejected.reason.startswith("image_")


def test_a_reference_becomes_one_row(tmp_path: Path) -> None:
    root = tmp_path / "images"
    root.mkdir()
    (root / "good.png").write_bytes(PNG)
    (root / "empty.jpg").write_bytes(b"")
    (tmp_path / "outside.png").write_bytes(PNG)
    (root / "link.png").symlink_to(tmp_path / "outside.png")
    task = InspectTask(Resolver((str(root),)), CAPS)
    good = task.inspect("good.png")
    assert (good["width"], good["height"], good["format"], good["bytes"]) == (96, 128, "PNG", len(PNG))
    assert {
        ref: task.inspect(ref)["reason_code"]
        for ref in ("empty.jpg", "none.jpg", "link.png", "../outside.png")
    } == {
        "empty.jpg": "image_empty",
        "none.jpg": "image_missing",
        "link.png": "image_forbidden",
        "../outside.png": "image_forbidden",
    }


def test_avif_and_heif_are_read() -> None:
    pillow_heif.register_heif_opener()
    for name in ("AVIF", "HEIF"):
        header = check_picture(encoded(scene(), name, quality=95), CAPS)
        assert (header.format, header.width, header.height) == (name, 96, 128)


def test_a_progressive_picture_of_many_scans_is_refused_before_decoding() -> None:
    progressive = encoded(scene(), "JPEG", progressive=True)
    assert check_picture(progressive, CAPS).format == "JPEG"
    start = progressive.rindex(b"\xff\xda")
    bomb = progressive[:-2] + progressive[start:-2] * 200 + b"\xff\xd9"
    with pytest.raises(RejectedPicture, match="scans, at most 100 are read"):
        check_picture(bomb, CAPS)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept_of_marker", [0, 1])
def test_a_jpeg_that_lacks_only_its_end_marker_is_read(progressive: bool, kept_of_marker: int) -> None:
    whole = encoded(scene(), "JPEG", progressive=progressive)
    assert whole.endswith(b"\xff\xd9")
    cut = whole[: len(whole) - 2 + kept_of_marker]
    assert check_picture(cut, CAPS) == check_picture(whole, CAPS)
    assert load_picture(cut, CAPS, 999).tobytes() == load_picture(whole, CAPS, 999).tobytes()


@pytest.mark.parametrize("lost", [12, 40, 400])
def test_a_jpeg_that_lacks_pixels_is_not(lost: int) -> None:
    with pytest.raises(RejectedPicture) as caught:
        check_picture(JPEG[:-lost], CAPS)
    assert caught.value.reason is ReasonCode.IMAGE_CORRUPT


def test_a_png_with_megabytes_of_text_is_read() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "x" * 3_000_000, zip=True)
    assert check_picture(encoded(scene(), "PNG", pnginfo=info), CAPS).format == "PNG"
