"""The frame of an animated picture that stands for it."""

from PIL import Image

MAX_FRAMES = 16  # that are looked at; banners that fade in take about ten
BLANK_SPREAD = 8  # of 255, by which lossy compression and dithering vary one colour


def shown_frame(picture: Image.Image) -> Image.Image:
    """The picture at its first frame of more than one colour; at its first frame if there is none.

    Args:
        picture: loaded, at its first frame.
    """
    frames = min(getattr(picture, "n_frames", 1), MAX_FRAMES)
    if frames == 1 or not _is_blank(picture):
        return picture
    for number in range(1, frames):
        picture.seek(number)
        picture.load()
        if not _is_blank(picture):
            return picture
    picture.seek(0)
    picture.load()
    return picture


def _is_blank(picture: Image.Image) -> bool:
    """Whether next to one colour fills the frame, or nothing of it is opaque."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if picture.getchannel("A").getextrema() == (0, 0):
            return True
    if picture.mode == "P":  # an index may stand for the same colour as another one
        picture = picture.convert("RGB")
    extrema = picture.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(high - low <= BLANK_SPREAD for low, high in bands)
