"""Small pictures for tests: one drawn scene, and the same scene in many encodings."""

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw


def scene(width: int = 96, height: int = 128, colour: str = "#c03028") -> Image.Image:
    """A coloured garment-like shape on white."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 4, height // 4, 3 * width // 4, 7 * height // 8), fill=colour)
    draw.ellipse((width // 3, height // 16, 2 * width // 3, 5 * height // 16), fill="#203060")
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The file's bytes in a Pillow format."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def rotated_by_exif(picture: Image.Image) -> bytes:
    """Stored lying on its side, with the EXIF note to turn it upright (orientation 6)."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture.rotate(90, expand=True), "JPEG", quality=95, exif=exif)


def transparent(picture: Image.Image) -> Image.Image:
    """The same on a transparent ground whose hidden colour is black."""
    pixels = np.asarray(picture)
    ground = (pixels == 255).all(axis=2)
    colours = np.where(ground[..., None], 0, pixels)
    return Image.fromarray(np.dstack([colours, np.where(ground, 0, 255)]).astype(np.uint8), "RGBA")


def colour_encodings(picture: Image.Image) -> Mapping[str, bytes]:
    """The same colour picture in many encodings."""
    other = Image.new("RGB", picture.size, "black")
    return {
        "png": encoded(picture, "PNG"),
        "jpeg": encoded(picture, "JPEG", quality=95),
        "progressive jpeg": encoded(picture, "JPEG", quality=95, progressive=True),
        "cmyk jpeg": encoded(picture.convert("CMYK"), "JPEG", quality=95),
        "palette png": encoded(picture.quantize(64), "PNG"),
        "alpha png": encoded(transparent(picture), "PNG"),
        "animated gif": encoded(picture, "GIF", save_all=True, append_images=[other]),
        "webp": encoded(picture, "WEBP", quality=95),
        "tiff": encoded(picture, "TIFF"),
        "bmp": encoded(picture, "BMP"),
        "exif rotated jpeg": rotated_by_exif(picture),
        "interlaced palette gif": encoded(picture.quantize(64), "GIF", interlace=1),
    }


def grey_encodings(picture: Image.Image) -> Mapping[str, bytes]:
    """The same grey picture in 8 bit, 16 bit (PNG and TIFF) and as RGB."""
    grey = picture.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    return {
        "8 bit": encoded(grey, "PNG"),
        "16 bit png": encoded(deep, "PNG"),
        "16 bit tiff": encoded(deep, "TIFF"),
        "rgb": encoded(grey.convert("RGB"), "PNG"),
        "grey and alpha": encoded(grey.convert("LA"), "PNG"),
    }


def png_of_size(width: int, height: int) -> bytes:
    """A PNG file whose header claims a size; its pixel data is one black row, however large the claim."""
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )
