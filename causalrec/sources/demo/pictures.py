"""Product pictures: category gives the silhouette, brand the palette and pattern, merit the cut and tone."""

import colorsys
import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from causalrec.sources.demo.patterns import draw_pattern
from causalrec.sources.demo.silhouettes import draw_silhouette
from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES, Colour
from causalrec.sources.demo.world import PICTURES, World, stream

Pixels = npt.NDArray[np.float32]

OVERSAMPLE = 2
QUALITY = 88
DARK = (46, 42, 40)
LEAF = (72, 128, 74)


def draw_product(world: World, item: int, view: int) -> bytes:
    """One JPEG of ``picture_side`` pixels; ``view`` 0 is the packshot, 1 a close-up of the same product.

    Merit shows: dimension 0 shifts the hue, 1 the scale of the pattern, 2 the cut, 3 the lightness.
    """
    rng = stream(world.source.seed, PICTURES, item, view)
    merit = np.tanh(world.items.merit[item, :4] / 1.5)
    category, brand = CATEGORIES[world.items.category[item]], BRANDS[world.items.brand[item]]
    side = world.knobs.picture_side
    outline = draw_silhouette(category.shape, OVERSAMPLE * side, 1 + 0.2 * float(merit[2]))
    masks = {
        part: np.asarray(mask.reduce(OVERSAMPLE), np.float32) / np.float32(255)
        for part, mask in outline.masks.items()
    }
    tone = [_shift(colour, float(merit[0]), float(merit[3])) for colour in brand.palette]
    scale = 0.11 * float(np.exp(0.75 * merit[1]))
    pattern = draw_pattern(brand.pattern, side, scale, float(rng.normal(scale=0.06)))
    pixels = _paint(masks, _backdrop(side, tone[1], float(rng.uniform(0.0, 1.0))), tone, pattern)
    pixels += rng.normal(scale=1.2, size=(side, side, 1)).astype(np.float32)
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if view:
        cut = round(0.2 * side)
        picture = picture.crop((cut, cut, side - cut, side - cut)).resize(
            (side, side), Image.Resampling.BICUBIC
        )
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _paint(masks: dict[str, Pixels], backdrop: Pixels, tone: list[Colour], pattern: Pixels) -> Pixels:
    main, second, accent = (np.array(colour, np.float32) for colour in tone)
    share = pattern[..., None]
    colours = {
        "dark": np.array(DARK, np.float32),
        "leaf": np.array(LEAF, np.float32),
        "body": main * (1 - share) + second * share,
        "trim": accent,
        "ink": np.array(DARK, np.float32),
    }
    light = _light(len(backdrop))
    canvas = backdrop * (1 - 0.3 * _shadow(masks)[..., None])
    for part, colour in colours.items():  # from back to front
        if part in masks:
            alpha = masks[part][..., None]
            canvas += alpha * (colour * light - canvas)
    return canvas


@lru_cache(maxsize=2)
def _light(side: int) -> Pixels:
    """Light from the upper left."""
    axis = np.linspace(0, 1, side, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    return (1.12 - 0.2 * x - 0.14 * y)[..., None]


def _backdrop(side: int, tint: Colour, warmth: float) -> Pixels:
    """Studio paper, lighter in the middle, with a hint of the brand's light colour."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    glow = 1 - 0.06 * (x**2 + y**2)
    paper = np.array([247, 245 - 2 * warmth, 242 - 6 * warmth], np.float32)
    return np.asarray(glow[..., None] * (0.9 * paper + 0.1 * np.array(tint, np.float32)), np.float32)


def _shadow(masks: dict[str, Pixels]) -> Pixels:
    """A soft shadow, slightly to the lower right; blurred at a small size, since blur has no detail."""
    whole = Image.fromarray((np.maximum.reduce(list(masks.values())) * 255).astype(np.uint8))
    side = whole.width
    soft = whole.reduce(2).filter(ImageFilter.GaussianBlur(side / 50)).resize(whole.size)
    return np.asarray(
        np.roll(np.asarray(soft, np.float32), (side // 36, side // 48), (0, 1)) / 255, np.float32
    )


def _shift(colour: Colour, hue: float, lightness: float) -> Colour:
    h, light, s = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    light = min(0.95, max(0.1, light * (1 + 0.28 * lightness)))
    r, g, b = colorsys.hls_to_rgb((h + 0.07 * hue) % 1, light, s)
    return round(255 * r), round(255 * g), round(255 * b)
