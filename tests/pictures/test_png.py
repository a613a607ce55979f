"""A PNG is read without its damaged extras; damage to its pixels is still found."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from causalrec.config.features import ImageSettings
from causalrec.errors import ReasonCode
from causalrec.pictures.decode import decode
from causalrec.pictures.header import RejectedPicture, check_picture
from causalrec.pictures.png import without_damaged_extras
from tests.pictures.samples import encoded, scene

CAPS = ImageSettings()
PLAIN = encoded(scene(), "PNG")


def chunk(name: bytes, body: bytes, wrong: int = 0) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ wrong)


def holding(extra: bytes, before: bytes) -> bytes:
    """The plain picture with one more chunk before the one of that name."""
    place = PLAIN.index(before) - 4
    return PLAIN[:place] + extra + PLAIN[place:]


@pytest.mark.parametrize("name", [b"tEXt", b"tIME", b"iCCP", b"gAMA", b"pHYs", b"prVt"])
@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_an_extra_with_a_wrong_checksum_costs_nothing(name: bytes, before: bytes) -> None:
    data = holding(chunk(name, b"Title\0shirt", wrong=1), before)
    assert without_damaged_extras(data) == PLAIN
    assert check_picture(data, CAPS) == check_picture(PLAIN, CAPS)
    assert decode(data, CAPS, 224).tobytes() == scene().tobytes()


def test_sound_extras_stay() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "shirt")
    data = encoded(scene(), "PNG", pnginfo=info, dpi=(300, 300))
    assert without_damaged_extras(data) == data


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT"])
def test_a_wrong_checksum_of_what_is_needed_is_refused(name: bytes) -> None:
    place = PLAIN.index(name)
    (size,) = struct.unpack_from(">I", PLAIN, place - 4)
    end = place + 4 + size
    data = PLAIN[:end] + bytes([PLAIN[end] ^ 1]) + PLAIN[end + 1 :]
    with pytest.raises(RejectedPicture) as caught:
        check_picture(data, CAPS)
    assert caught.value.reason in (ReasonCode.IMAGE_CORRUPT, ReasonCode.IMAGE_NOT_AN_IMAGE)


def test_frames_of_an_animation_are_not_lost_with_the_extras() -> None:
    other = Image.fromarray(np.zeros((128, 96, 3), np.uint8))
    data = encoded(scene(), "PNG", save_all=True, append_images=[other])
    assert without_damaged_extras(data) == data


@given(st.binary(max_size=80), st.integers(0, len(PLAIN)))
def test_whatever_follows_the_signature_comes_back_in_part(noise: bytes, cut: int) -> None:
    for data in (PLAIN[:8] + noise, PLAIN[:cut] + noise):
        assert len(without_damaged_extras(data)) <= len(data)
    assert without_damaged_extras(PLAIN[:cut]) == PLAIN[:cut]
