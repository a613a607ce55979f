"""The words of a product: title and description, driven by category, brand and merit."""

import numpy as np

from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES, MERIT_WORDS
from causalrec.sources.demo.world import CATALOGUE, World, stream

LEVELS = (-0.84, -0.25, 0.25, 0.84)
"""Borders of five equally likely levels of a standard normal merit."""
VISIBLE = 4
"""The first four merit dimensions are what a picture shows."""


def write_title(world: World, item: int) -> str:
    """Brand, one word of merit and the noun: ``Nordvik elegant day dress``."""
    rng = stream(world.source.seed, CATALOGUE, item, 0)
    category = CATEGORIES[world.items.category[item]]
    brand = BRANDS[world.items.brand[item]]
    telling = _told(world)
    dimension = telling[int(np.abs(world.items.merit[item, telling]).argmax())]
    return f"{brand.name} {_word(world, item, dimension)} {rng.choice(category.nouns)}"


def write_description(world: World, item: int) -> str:
    """Two or three sentences: what it is, what it is like (merit), in the brand's voice."""
    rng = stream(world.source.seed, CATALOGUE, item, 1)
    category = CATEGORIES[world.items.category[item]]
    brand = BRANDS[world.items.brand[item]]
    words = [_word(world, item, dimension) for dimension in _told(world)]
    rng.shuffle(words)
    noun, material, voice = (str(rng.choice(c)) for c in (category.nouns, category.materials, brand.voice))
    half = len(words) // 2
    feel, detail = ", ".join(words[:half]), ", ".join(words[half:])
    return f"A {noun} in {material}, {category.use}. {feel.capitalize()}; {detail}. {brand.name}: {voice}."


def _told(world: World) -> list[int]:
    """Merit dimensions that texts mention: those that pictures hide, and the shared ones."""
    return list(range(VISIBLE - world.knobs.shared_merit, world.items.merit.shape[1]))


def _word(world: World, item: int, dimension: int) -> str:
    level = int(np.searchsorted(LEVELS, world.items.merit[item, dimension]))
    return MERIT_WORDS[dimension][level]
