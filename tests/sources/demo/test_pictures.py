"""Pictures and texts: brand, category and merit can be seen and read."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.sources.demo.pictures import draw_product
from causalrec.sources.demo.silhouettes import SHAPES, draw_silhouette
from causalrec.sources.demo.texts import write_description, write_title
from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES, MERIT_WORDS
from causalrec.sources.demo.world import MERIT, World, build_world


def _world(category: list[int], brand: list[int], merit: np.ndarray, shared: int = 2) -> World:
    """Items of our choice in a shop of fixed seed."""
    world = build_world(SourceSettings(demo=DemoSettings(picture_side=64, shared_merit=shared)))
    items = replace(world.items, category=np.array(category), brand=np.array(brand), merit=merit)
    return replace(world, items=items)


def _pixels(world: World, item: int, view: int = 0) -> np.ndarray:
    picture = Image.open(io.BytesIO(draw_product(world, item, view)))
    assert (picture.format, picture.size, picture.mode) == ("JPEG", (64, 64), "RGB")
    return np.asarray(picture, np.float64)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_silhouette_stands_inside_its_picture(shape: str) -> None:
    masks = draw_silhouette(shape, 96, 1.2).masks
    whole = np.maximum.reduce([np.asarray(mask) for mask in masks.values()]) > 0
    assert 0.08 < whole.mean() < 0.6
    assert not whole[[0, -1]].any()
    assert {"body", "trim"} <= set(masks)


@pytest.mark.slow
def test_every_category_and_brand_can_be_drawn() -> None:
    assert {category.shape for category in CATEGORIES} == set(SHAPES)
    n = len(CATEGORIES) * len(BRANDS)
    category, brand = np.divmod(np.arange(n), len(BRANDS))
    world = _world(category.tolist(), brand.tolist(), np.zeros((n, MERIT)))
    pictures = np.stack([_pixels(world, item) for item in range(n)]).reshape(n, -1)
    distance = np.linalg.norm(pictures[:, None] - pictures[None, :], axis=2) / np.sqrt(pictures.shape[1])
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 4, "no two of them look alike"


def test_merit_of_the_first_four_dimensions_shows_and_the_others_do_not() -> None:
    merit = np.zeros((MERIT + 1, MERIT))
    np.fill_diagonal(merit[1:], 2.0)
    world = _world([0] * 9, [0] * 9, merit)
    # the same item number, so that the drawing noise is the same
    base = _pixels(replace(world, items=replace(world.items, merit=merit[[0]])), 0)
    for dimension in range(MERIT):
        one = replace(world, items=replace(world.items, merit=merit[[dimension + 1]]))
        difference = np.abs(_pixels(one, 0) - base).mean()
        assert difference > 1.5 if dimension < 4 else difference == 0, dimension


def test_the_second_view_is_a_close_up() -> None:
    world = _world([3], [1], np.zeros((1, MERIT)))
    assert np.abs(_pixels(world, 0, 1) - _pixels(world, 0, 0)).mean() > 5


def test_words_follow_brand_category_and_merit() -> None:
    merit = np.zeros((2, MERIT))
    merit[1] = [0, 0, 0, 0, 0, 3.0, 0, 0]
    world = _world([1, 1], [0, 2], merit)
    assert write_title(world, 0).startswith("Nordvik ")
    assert write_title(world, 1).startswith("Maison Perle elegant ")
    text = write_description(world, 1)
    assert "elegant" in text.lower()
    assert "for warm evenings" in text
    assert any(voice in text for voice in BRANDS[2].voice)
    assert write_description(world, 1) == text


@pytest.mark.parametrize("shared", [0, 2, 4])
def test_shared_merit_decides_which_dimensions_texts_repeat(shared: int) -> None:
    merit = np.full((1, MERIT), 3.0)
    text = write_description(_world([0], [0], merit, shared), 0).lower()
    told = [words[-1] in text for words in MERIT_WORDS]
    assert told == [dimension >= 4 - shared for dimension in range(MERIT)]
