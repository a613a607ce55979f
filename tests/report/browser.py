"""A page in headless Chromium: what a person on a phone, in dark mode or with a keyboard would find."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

PHONE, DESK = 390, 1280
FOCUSED = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"


@contextmanager
def opened(file: Path, width: int, scheme: str = "light") -> "Iterator[tuple[Page, list[str]]]":
    """The page in a window of ``width`` CSS pixels, and what the console, the page or a load complained of.

    A request that is not for the file itself counts as a complaint.
    """
    with window(width, scheme) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url[:200]))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("data:", file.as_uri())) else complaints.append(request.url)
            ),
        )
        page.goto(file.as_uri())
        yield page, complaints


@contextmanager
def window(width: int, scheme: str = "light") -> "Iterator[Page]":
    """An empty window of headless Chromium, or a skipped test where there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser.new_page(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        browser.close()


def missing_pictures(page: "Page | Frame") -> int:
    """Pictures that did not load."""
    return int(page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length"))


def sideways(page: "Page") -> int:
    """CSS pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def brightness(page: "Page", selector: str, what: str) -> float:
    """Mean of the colour channels, 0 to 255, of a CSS property of the first match."""
    colour = page.evaluate(
        "([s, p]) => getComputedStyle(document.querySelector(s)).getPropertyValue(p)", [selector, what]
    )
    channels = [float(part) for part in str(colour).split("(")[1].rstrip(")").split(",")[:3]]
    return sum(channels) / len(channels)


def tab_stops(page: "Page", presses: int) -> list[str]:
    """What has the focus after each press of the tab key."""
    stops = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        stops.append(str(page.evaluate(FOCUSED)))
    return stops
