"""One conversion policy from any accepted file to an upright RGB picture.

First frame that is not blank; EXIF orientation applied; deeper grey scaled to 8 bit; palette expanded;
transparency laid on white; CMYK and every other colour space converted by Pillow without ICC profiles. So the
same picture in another encoding gives the same input to the encoder up to rounding. A change here is a new
``PREPROCESSING`` version.
"""

import numpy as np
from PIL import ExifTags, Image, ImageOps

from causalrec.config.features import ImageSettings
from causalrec.pictures.header import load_picture, pillow_errors

PREPROCESSING = "p4"
WHITE = (255, 255, 255, 255)
SIXTEEN_TO_EIGHT = 257.0
WHITES = (1.0, 255.0, 1_023.0, 4_095.0, 16_383.0, 65_535.0)  # of shares, and of 8, 10, 12, 14 and 16 bit
UPRIGHT = 1


def decode(data: bytes, caps: ImageSettings, side: int) -> Image.Image:
    """The upright RGB picture in ``data``, at full size or (JPEG) at a smaller scale from ``2 * side`` up.

    Raises:
        RejectedPicture: the bytes are not a picture within the caps, or are truncated or corrupt.
    """
    picture = load_picture(data, caps, 2 * side)
    with pillow_errors():
        return to_rgb(_upright(picture))


def to_rgb(picture: Image.Image) -> Image.Image:
    """Any Pillow mode to RGB, 8 bit per channel."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        return _from_deep_grey(picture)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, WHITE), layer).convert("RGB")
    return picture.convert("RGB")


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bit, or of floats.

    White is taken as the smallest usual value that fits; files do not specify it. What is no number is white,
    as transparency is.
    """
    given = np.asarray(picture, dtype=np.float32)
    top = float(given.max(initial=0.0, where=np.isfinite(given)))
    white = _white(top)
    values = np.nan_to_num(given, nan=white, posinf=white, neginf=0.0)
    if picture.mode == "F" or (picture.mode == "I" and picture.format == "TIFF"):
        values = values * (255.0 / white)
    else:
        values = values / SIXTEEN_TO_EIGHT
    grey = np.nan_to_num(np.rint(values)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _white(top: float) -> float:
    return next((white for white in WHITES if top <= white), top)


def _upright(picture: Image.Image) -> Image.Image:
    """Rotated according to EXIF.

    Unreadable EXIF means upright, since it does not make the picture unusable.
    """
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    except Exception:  # Pillow's EXIF reader raises anything from struct.error to SyntaxError
        return picture
    return picture if orientation == UPRIGHT else ImageOps.exif_transpose(picture)
