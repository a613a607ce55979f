"""Small pictures for tests: one drawn scene, and the same scene in many encodings."""

import io
import unicodedata
from collections.abc import Mapping

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, PngImagePlugin

UMLAUT = "bl\u00fcte.png"


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


def as_shops_have_them() -> dict[str, bytes]:
    """Pictures as shops have them, usable or not, under names as shops have them."""
    pillow_heif.register_heif_opener()
    picture, jpeg, png = scene(), encoded(scene(), "JPEG"), encoded(scene(), "PNG")
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "x" * 2_000_000, zip=True)
    grey = np.asarray(picture.convert("L"), np.float32)
    progressive = encoded(picture, "JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    return {
        "plain.jpg": jpeg, "png named.jpg": png, "shirt.JPG": jpeg, "a,b.png": png, "50 #~.png": png,
        unicodedata.normalize("NFD", UMLAUT): png, "w.webp": encoded(picture, "WEBP"), "images/in.png": png,
        "a.avif": encoded(picture, "AVIF"), "h.heic": encoded(picture, "HEIF"),
        "g.gif": encoded(picture, "GIF"), "cmyk.jpg": encoded(picture.convert("CMYK"), "JPEG"),
        "float.tiff": encoded(Image.fromarray(grey / 255), "TIFF"),
        "int.tiff": encoded(Image.fromarray(grey.astype(np.int32)), "TIFF"),
        "text.png": encoded(picture, "PNG", pnginfo=info), "no end.jpg": jpeg[:-2],
        "zero.jpg": b"", "page.jpg": b"<html>404</html>", "cut.png": png[: len(png) // 2],
        "cut.jpg": jpeg[:-200], "scans.jpg": progressive[:-2] + scan * 200 + b"\xff\xd9",
        "bomb.png": png_of_size(100_000, 100_000), "dot.png": encoded(Image.new("RGB", (1, 1)), "PNG"),
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }  # fmt: skip


REASONS = {
    "zero.jpg": "image_empty", "page.jpg": "image_not_an_image", "cut.png": "image_corrupt",
    "cut.jpg": "image_corrupt", "scans.jpg": "image_too_large", "bomb.png": "image_bad_size",
    "dot.png": "image_bad_size", "drawing.svg": "image_not_an_image",
}  # fmt: skip
"""Of these, the pictures that cannot be used."""
