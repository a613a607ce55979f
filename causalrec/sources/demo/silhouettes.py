"""Outlines of the products: one drawing per category, as masks on a canvas of unit size.

From back to front: ``dark`` parts (handles, legs, straps), ``leaf`` (green), ``body`` (gets the brand's
pattern), ``trim`` (the accent colour), ``ink`` (dark details on top). Coordinates run from 0 to 1, left to
right and top to bottom.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

Point = tuple[float, float]


@dataclass
class Silhouette:
    """Masks (mode L, side x side) under drawing; ``width`` stretches what is drawn about the centre."""

    side: int
    width: float
    masks: dict[str, Image.Image] = field(default_factory=dict)

    def polygon(self, part: str, *points: Point, fill: int = 255) -> None:
        """A filled polygon."""
        self._pen(part).polygon([self._at(p) for p in points], fill=fill)

    def oval(self, part: str, left: float, top: float, right: float, bottom: float, fill: int = 255) -> None:
        """A filled ellipse in a box."""
        self._pen(part).ellipse([self._at((left, top)), self._at((right, bottom))], fill=fill)

    def ring(self, part: str, left: float, top: float, right: float, bottom: float, thick: float) -> None:
        """The outline of an ellipse."""
        box = [self._at((left, top)), self._at((right, bottom))]
        self._pen(part).ellipse(box, outline=255, width=max(1, round(thick * self.side)))

    def box(
        self,
        part: str,
        left: float,
        top: float,
        right: float,
        bottom: float,
        radius: float = 0.0,
        fill: int = 255,
    ) -> None:
        """A filled rectangle with round corners."""
        corners = [self._at((left, top)), self._at((right, bottom))]
        self._pen(part).rounded_rectangle(corners, radius=radius * self.side, fill=fill)

    def line(self, part: str, *points: Point, thick: float, fill: int = 255) -> None:
        """A line of round joints."""
        width = max(1, round(thick * self.side))
        self._pen(part).line([self._at(p) for p in points], fill=fill, width=width, joint="curve")

    def _pen(self, part: str) -> ImageDraw.ImageDraw:
        if part not in self.masks:
            self.masks[part] = Image.new("L", (self.side, self.side))
        return ImageDraw.Draw(self.masks[part])

    def _at(self, point: Point) -> tuple[float, float]:
        x = 0.5 + (point[0] - 0.5) * self.width
        return x * self.side, point[1] * self.side


def draw_silhouette(shape: str, side: int, width: float) -> Silhouette:
    """The masks of one product; ``width`` 1 is the regular cut."""
    outline = Silhouette(side, width)
    SHAPES[shape](outline)
    return outline


def _tee(s: Silhouette) -> None:
    s.polygon("body", (0.36, 0.2), (0.64, 0.2), (0.86, 0.32), (0.78, 0.48), (0.69, 0.43), (0.7, 0.82),
              (0.3, 0.82), (0.31, 0.43), (0.22, 0.48), (0.14, 0.32))  # fmt: skip
    s.oval("body", 0.4, 0.12, 0.6, 0.29, fill=0)
    s.polygon("trim", (0.8, 0.445), (0.78, 0.48), (0.69, 0.43), (0.7, 0.395))
    s.polygon("trim", (0.2, 0.445), (0.22, 0.48), (0.31, 0.43), (0.3, 0.395))
    s.ring("trim", 0.385, 0.105, 0.615, 0.305, 0.018)
    s.box("trim", 0.3, 0.0, 0.7, 0.2, fill=0)


def _dress(s: Silhouette) -> None:
    s.polygon("body", (0.4, 0.17), (0.6, 0.17), (0.63, 0.3), (0.58, 0.46), (0.78, 0.88), (0.22, 0.88),
              (0.42, 0.46), (0.37, 0.3))  # fmt: skip
    s.oval("body", 0.43, 0.11, 0.57, 0.25, fill=0)
    s.line("dark", (0.41, 0.18), (0.43, 0.09), thick=0.016)
    s.line("dark", (0.59, 0.18), (0.57, 0.09), thick=0.016)
    s.polygon("trim", (0.415, 0.435), (0.585, 0.435), (0.59, 0.475), (0.41, 0.475))


def _sneaker(s: Silhouette) -> None:
    s.polygon("body", (0.13, 0.4), (0.18, 0.385), (0.25, 0.42), (0.34, 0.35), (0.4, 0.34), (0.46, 0.38),
              (0.6, 0.5), (0.76, 0.54), (0.85, 0.58), (0.9, 0.64), (0.91, 0.71), (0.12, 0.71),
              (0.11, 0.55))  # fmt: skip
    s.polygon("trim", (0.13, 0.4), (0.18, 0.385), (0.215, 0.405), (0.22, 0.7), (0.12, 0.7), (0.11, 0.55))
    s.polygon("trim", (0.79, 0.55), (0.85, 0.58), (0.9, 0.64), (0.91, 0.71), (0.74, 0.71), (0.75, 0.62))
    s.box("ink", 0.095, 0.7, 0.925, 0.765, 0.03)
    for step in range(4):
        x, y = 0.45 + 0.045 * step, 0.39 + 0.036 * step
        s.line("ink", (x, y - 0.01), (x - 0.06, y + 0.07), thick=0.014)


def _backpack(s: Silhouette) -> None:
    s.ring("dark", 0.41, 0.08, 0.59, 0.26, 0.024)
    s.box("dark", 0.2, 0.42, 0.32, 0.78, 0.05)
    s.box("dark", 0.68, 0.42, 0.8, 0.78, 0.05)
    s.box("body", 0.26, 0.16, 0.74, 0.88, 0.14)
    s.box("trim", 0.33, 0.56, 0.67, 0.81, 0.05)
    s.line("ink", (0.33, 0.62), (0.67, 0.62), thick=0.012)
    s.line("ink", (0.29, 0.4), (0.71, 0.4), thick=0.012)


def _tote(s: Silhouette) -> None:
    s.ring("dark", 0.36, 0.08, 0.64, 0.66, 0.024)
    s.polygon("body", (0.2, 0.37), (0.8, 0.37), (0.75, 0.88), (0.25, 0.88))
    s.polygon("trim", (0.2, 0.37), (0.8, 0.37), (0.795, 0.43), (0.205, 0.43))


def _mug(s: Silhouette) -> None:
    s.ring("dark", 0.6, 0.36, 0.88, 0.72, 0.05)
    s.box("body", 0.24, 0.26, 0.7, 0.82, 0.06)
    s.oval("trim", 0.24, 0.22, 0.7, 0.31)
    s.oval("ink", 0.275, 0.235, 0.665, 0.297)


def _lamp(s: Silhouette) -> None:
    s.box("dark", 0.48, 0.46, 0.52, 0.84)
    s.oval("dark", 0.34, 0.81, 0.66, 0.89)
    s.oval("trim", 0.44, 0.58, 0.56, 0.76)
    s.polygon("body", (0.38, 0.14), (0.62, 0.14), (0.78, 0.5), (0.22, 0.5))


def _cushion(s: Silhouette) -> None:
    s.polygon("body", (0.16, 0.2), (0.5, 0.25), (0.84, 0.2), (0.8, 0.5), (0.84, 0.82), (0.5, 0.77),
              (0.16, 0.82), (0.2, 0.5))  # fmt: skip
    s.line("trim", (0.16, 0.2), (0.5, 0.25), (0.84, 0.2), (0.8, 0.5), (0.84, 0.82), (0.5, 0.77),
           (0.16, 0.82), (0.2, 0.5), (0.16, 0.2), thick=0.016)  # fmt: skip
    s.oval("ink", 0.48, 0.49, 0.52, 0.53)


def _chair(s: Silhouette) -> None:
    for x, lean in ((0.3, -0.04), (0.7, 0.04)):
        s.line("dark", (x, 0.6), (x + lean, 0.9), thick=0.03)
    for x, lean in ((0.38, -0.01), (0.62, 0.01)):
        s.line("dark", (x, 0.58), (x + lean, 0.83), thick=0.022)
    s.line("dark", (0.33, 0.45), (0.33, 0.6), thick=0.026)
    s.line("dark", (0.67, 0.45), (0.67, 0.6), thick=0.026)
    s.box("body", 0.27, 0.12, 0.73, 0.46, 0.09)
    s.polygon("trim", (0.29, 0.55), (0.71, 0.55), (0.78, 0.64), (0.22, 0.64))


def _cap(s: Silhouette) -> None:
    s.oval("body", 0.18, 0.26, 0.72, 0.9)
    s.box("body", 0.0, 0.6, 1.0, 1.0, fill=0)
    s.polygon("trim", (0.42, 0.56), (0.72, 0.54), (0.93, 0.62), (0.9, 0.67), (0.6, 0.64), (0.4, 0.62))
    s.oval("ink", 0.425, 0.235, 0.475, 0.28)
    s.line("ink", (0.45, 0.27), (0.45, 0.59), thick=0.008)
    s.line("ink", (0.19, 0.595), (0.42, 0.6), thick=0.02)


def _watch(s: Silhouette) -> None:
    s.box("body", 0.39, 0.06, 0.61, 0.94, 0.04)
    s.box("dark", 0.68, 0.47, 0.75, 0.53, 0.01)
    s.oval("trim", 0.28, 0.28, 0.72, 0.72)
    s.ring("ink", 0.26, 0.26, 0.74, 0.74, 0.035)
    s.line("ink", (0.5, 0.5), (0.5, 0.37), thick=0.018)
    s.line("ink", (0.5, 0.5), (0.6, 0.56), thick=0.018)
    for x, y in ((0.5, 0.32), (0.5, 0.68), (0.32, 0.5), (0.68, 0.5)):
        s.oval("ink", x - 0.013, y - 0.013, x + 0.013, y + 0.013)


def _planter(s: Silhouette) -> None:
    for tip, bend in (((0.24, 0.2), 0.36), ((0.4, 0.08), 0.44), ((0.62, 0.1), 0.56), ((0.78, 0.24), 0.64)):
        s.polygon("leaf", (0.48, 0.52), (bend - 0.05, 0.3), tip, (bend + 0.06, 0.32), (0.52, 0.52))
    s.polygon("body", (0.27, 0.52), (0.73, 0.52), (0.66, 0.87), (0.34, 0.87))
    s.box("trim", 0.24, 0.47, 0.76, 0.55, 0.015)


SHAPES: dict[str, Callable[[Silhouette], None]] = {
    "tee": _tee, "dress": _dress, "sneaker": _sneaker, "backpack": _backpack, "tote": _tote, "mug": _mug,
    "lamp": _lamp, "cushion": _cushion, "chair": _chair, "cap": _cap, "watch": _watch, "planter": _planter,
}  # fmt: skip
