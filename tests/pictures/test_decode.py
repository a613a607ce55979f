"""One conversion policy: the same picture in any encoding is the same RGB picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from causalrec.config.features import ImageSettings
from causalrec.pictures.decode import decode, to_rgb
from causalrec.pictures.header import RejectedPicture
from tests.pictures.samples import colour_encodings, encoded, grey_encodings, scene

CAPS = ImageSettings()
SIDE = 224
MEAN_TOLERANCE = 4.0  # grey levels of 255; lossy formats and 64-colour palettes differ a little


@pytest.mark.parametrize(("name", "data"), colour_encodings(scene()).items())
def test_colour_encodings_decode_to_one_picture(name: str, data: bytes) -> None:
    picture = decode(data, CAPS, SIDE)
    assert picture.mode == "RGB"
    assert picture.size == (96, 128)
    difference = np.abs(np.asarray(picture, float) - np.asarray(scene(), float)).mean()
    assert difference < MEAN_TOLERANCE


@pytest.mark.parametrize(("name", "data"), grey_encodings(scene()).items())
def test_grey_encodings_decode_to_one_picture(name: str, data: bytes) -> None:
    expected = np.asarray(scene().convert("L").convert("RGB"))
    assert np.array_equal(np.asarray(decode(data, CAPS, SIDE)), expected)


@pytest.mark.parametrize(
    ("mode", "white"),
    [
        ("F", 1.0),
        ("F", 255.0),
        ("F", 1_000.0),
        ("F", 4_095.0),
        ("F", 65_535.0),
        ("I", 255.0),
        ("I", 4_095.0),
        ("I", 65_535.0),
        ("I", 2.0**30),
    ],
)
def test_deep_grey_tiffs_are_scaled_by_the_white_that_they_use(mode: str, white: float) -> None:
    grey = np.asarray(scene().convert("L"), np.float64)
    grey = np.round(grey * 255 / grey.max())  # up to white
    kind = np.float32 if mode == "F" else np.int32
    deep = Image.fromarray((grey / 255 * white).astype(kind))
    assert deep.mode == mode
    found = np.asarray(decode(encoded(deep, "TIFF"), CAPS, SIDE), float)[..., 0]
    assert np.abs(found - grey).max() <= (6 if white == 1_000 else 1)  # taken for 10 bit


def test_what_is_no_number_is_white_and_darkens_nothing() -> None:
    grey = np.asarray(scene().convert("L"), np.float32) / 255
    deep = np.where(grey == 1, np.nan, grey)
    deep[0, :2] = np.inf, -np.inf
    found = np.asarray(decode(encoded(Image.fromarray(deep), "TIFF"), CAPS, SIDE), float)[..., 0]
    expected = np.round(grey * 255)
    expected[0, :2] = 255, 0
    assert np.abs(found - expected).max() <= 255 * (1 - np.nanmax(np.where(grey == 1, np.nan, grey)))


def test_transparent_ground_becomes_white_whatever_lies_beneath() -> None:
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    half = Image.new("RGBA", (16, 16), (0, 0, 0, 128))
    assert decode(encoded(clear, "PNG"), CAPS, SIDE).getpixel((3, 3)) == (255, 255, 255)
    assert decode(encoded(half, "PNG"), CAPS, SIDE).getpixel((3, 3)) == (127, 127, 127)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV", "I", "F"]
)
def test_every_mode_has_a_conversion(mode: str) -> None:
    picture = Image.new(mode, (9, 9))
    assert to_rgb(picture).mode == "RGB"
    assert to_rgb(picture).size == (9, 9)


def test_a_large_jpeg_is_decoded_at_a_smaller_scale_but_not_too_small() -> None:
    picture = decode(encoded(scene(1600, 2400), "JPEG"), CAPS, SIDE)
    assert picture.size == (800, 1200)
    assert min(picture.size) >= 2 * SIDE


def test_unreadable_exif_does_not_lose_the_picture() -> None:
    data = encoded(scene(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert decode(data, CAPS, SIDE).size == (96, 128)


SOURCES = [*colour_encodings(scene(16, 24)).values(), *grey_encodings(scene(16, 24)).values()]


@settings(max_examples=100, deadline=None)
@given(data=st.sampled_from(SOURCES), draw=st.data())
def test_damaged_bytes_decode_to_rgb_within_the_caps_or_are_rejected(
    data: bytes, draw: st.DataObject
) -> None:
    damaged = bytearray(data)
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=6)):
        damaged[place] = draw.draw(st.integers(0, 255))
    try:
        picture = decode(bytes(damaged[: draw.draw(st.integers(0, len(damaged)))]), CAPS, SIDE)
    except RejectedPicture as rejected:
        assert rejected.reason.startswith("image_")
    else:
        assert picture.mode == "RGB"
        assert picture.width * picture.height <= CAPS.max_pixels
