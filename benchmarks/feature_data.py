"""Pictures and texts that the feature benchmark runs on: files of a shop, or drawn ones."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from causalrec.features.texts import product_texts

LARGE = 1_000  # pixels of the longer side in the decoding group
LARGE_COUNT = 24
TEXTS_PER_PICTURE = 4
SEED = 7
WORDS = (
    "strap",
    "cotton",
    "jersey",
    "top",
    "with",
    "a",
    "round",
    "neckline",
    "trousers",
    "in",
    "soft",
    "wool",
)


@dataclass(frozen=True)
class Corpus:
    """Bytes of JPEG files at their own size and at 1,000 px, and product texts in their order of arrival."""

    pictures: list[bytes]
    large: list[bytes]
    texts: list[str]

    def rows(self, group: str) -> int:
        """How many rows a round of a group works on."""
        counts = {"pictures": len(self.pictures), "texts": len(self.texts)}
        counts["JPEG of 1,000 px"] = len(self.large)
        return counts[group]


def corpus(pictures: Path | None, texts: Path | None, count: int) -> Corpus:
    """What the benchmark runs on; the same every time."""
    files = sorted(pictures.rglob("*.jpg"))[:count] if pictures else []
    small = [file.read_bytes() for file in files] or [_drawn(seed, 240) for seed in range(count)]
    large = [_enlarged(data) for data in small[:LARGE_COUNT]]
    said = _titles(texts) if texts else _written(TEXTS_PER_PICTURE * count)
    return Corpus(small, large, said[: TEXTS_PER_PICTURE * count])


def _drawn(seed: int, side: int) -> bytes:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 8, 3), dtype=np.uint8))
    return _jpeg(coarse.resize((side * 2 // 3, side), Image.Resampling.BICUBIC))


def _enlarged(data: bytes) -> bytes:
    """A 1,000 px source with grain, for a smoothly enlarged one would decode faster than a photograph."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    scale = LARGE / max(picture.size)
    size = round(picture.width * scale), round(picture.height * scale)
    pixels = np.asarray(picture.resize(size, Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(SEED).normal(0, 6, pixels.shape)
    return _jpeg(Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8)))


def _jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def _titles(file: Path) -> list[str]:
    rows = pd.read_csv(file, dtype=str)
    frame = pd.DataFrame(
        {"title": rows["prod_name"], "description": rows["detail_desc"], "brand": None,
         "category": rows["product_group_name"]}, dtype=object,
    )  # fmt: skip
    return [str(text) for text in product_texts(frame).drop_duplicates()]


def _written(count: int) -> list[str]:
    rng = np.random.default_rng(SEED)
    lengths = np.minimum(3 + rng.geometric(0.04, count), 110)
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]
