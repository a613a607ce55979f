"""An animation that starts blank is shown by the first frame with something on it."""

import numpy as np
import pytest
from PIL import Image

from causalrec.config.features import ImageSettings
from causalrec.pictures.decode import decode
from causalrec.pictures.frames import MAX_FRAMES
from causalrec.pictures.header import check_picture
from tests.pictures.samples import encoded, scene, transparent

CAPS = ImageSettings()
LAST = Image.new("RGB", (96, 128), "black")
BLANK = {
    "white": Image.new("RGB", (96, 128), "white"),
    "black": Image.new("RGB", (96, 128), "black"),
    "transparent": Image.new("RGBA", (96, 128), (0, 0, 0, 0)),
}


def difference(data: bytes, picture: Image.Image) -> float:
    shown = np.asarray(decode(data, CAPS, 224), float)
    return float(np.abs(shown - np.asarray(picture, float)).mean())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("blank", BLANK)
def test_the_first_frame_that_shows_something(kind: str, blank: str) -> None:
    first, further = BLANK[blank], [scene(), LAST]
    if blank == "transparent":
        further = [transparent(scene()), *further]
    if kind == "GIF" and blank == "transparent":
        first = Image.new("P", (96, 128), 0)
        first.info["transparency"] = 0
    data = encoded(first, kind, save_all=True, append_images=further, duration=50)
    assert check_picture(data, CAPS).format == kind
    assert difference(data, scene()) < 6


def test_a_first_frame_of_next_to_one_colour_is_blank() -> None:
    dithered = Image.fromarray(np.where(np.eye(128, 96) > 0, 250, 255).astype(np.uint8)).convert("RGB")
    data = encoded(dithered, "GIF", save_all=True, append_images=[scene(), LAST])
    assert difference(data, scene()) < 6


def test_a_first_frame_with_something_on_it_stays() -> None:
    data = encoded(scene(), "GIF", save_all=True, append_images=[LAST])
    assert difference(data, scene()) < 6


def test_an_animation_of_blanks_only_is_its_first_frame() -> None:
    further = [Image.new("RGB", (96, 128), (9 * i, i, i)) for i in range(1, MAX_FRAMES + 2)]
    data = encoded(LAST, "GIF", save_all=True, append_images=further)
    assert difference(data, LAST) == 0


def test_a_still_picture_of_one_colour_stays() -> None:
    assert difference(encoded(LAST, "PNG"), LAST) == 0
