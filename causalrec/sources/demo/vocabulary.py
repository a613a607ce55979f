"""Names of the fictional shop: categories, brands and the words that describe merit."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Category:
    """A product category: its path, and the names, materials and prices of its products."""

    path: str
    shape: str
    nouns: tuple[str, ...]
    materials: tuple[str, ...]
    use: str
    price: float


@dataclass(frozen=True)
class Brand:
    """A brand: its palette (main colours, accent), its pattern and its voice."""

    name: str
    palette: tuple[Colour, Colour, Colour]
    pattern: str
    voice: tuple[str, ...]


CATEGORIES = (
    Category("Apparel > T-shirts", "tee", ("tee", "crew tee", "T-shirt"), ("organic cotton", "slub jersey"),
             "for every day", 24),
    Category("Apparel > Dresses", "dress", ("dress", "day dress", "sun dress"),
             ("viscose twill", "washed linen"), "for warm evenings", 69),
    Category("Shoes > Sneakers", "sneaker", ("sneaker", "trainer", "low top"), ("suede", "knit mesh"),
             "for the way to work", 89),
    Category("Bags > Backpacks", "backpack", ("backpack", "day pack"), ("waxed canvas", "recycled nylon"),
             "for weekends away", 79),
    Category("Bags > Totes", "tote", ("tote", "shopper", "market bag"), ("heavy canvas", "woven cotton"),
             "for the market", 39),
    Category("Home > Mugs", "mug", ("mug", "coffee mug"), ("stoneware", "glazed porcelain"),
             "for slow mornings", 18),
    Category("Home > Lamps", "lamp", ("table lamp", "bedside lamp"), ("turned ash", "powder-coated steel"),
             "for reading late", 59),
    Category("Home > Cushions", "cushion", ("cushion", "throw pillow"), ("bouclé wool", "cotton velvet"),
             "for the sofa", 29),
    Category("Home > Chairs", "chair", ("chair", "dining chair"), ("bent plywood", "solid oak"),
             "for the long table", 149),
    Category("Accessories > Caps", "cap", ("cap", "six-panel cap"), ("brushed twill", "corduroy"),
             "for bright days", 27),
    Category("Accessories > Watches", "watch", ("watch", "field watch"), ("brushed steel", "sapphire glass"),
             "for every wrist", 129),
    Category("Garden > Planters", "planter", ("planter", "plant pot"), ("terracotta", "fibre clay"),
             "for balconies", 34),
)  # fmt: skip

BRANDS = (
    Brand("Nordvik", ((38, 70, 110), (214, 226, 236), (232, 150, 72)), "stripes",
          ("calm Nordic lines", "made for wind and weather")),
    Brand("Solana", ((226, 108, 62), (250, 222, 170), (120, 40, 70)), "sun",
          ("drenched in late summer", "loud in the best way")),
    Brand("Maison Perle", ((196, 150, 158), (246, 232, 228), (150, 110, 60)), "dots",
          ("quiet Parisian grace", "finished by hand")),
    Brand("Kite & Co", ((40, 140, 130), (226, 240, 214), (240, 196, 60)), "zigzag",
          ("ready to play", "bright ideas for small budgets")),
    Brand("Atelier Noir", ((44, 44, 50), (120, 120, 128), (200, 40, 50)), "plain",
          ("reduced to the essential", "sharp and urban")),
    Brand("Wildgrove", ((86, 108, 58), (222, 210, 172), (150, 84, 44)), "leaves",
          ("grown, not made", "repaired for life")),
    Brand("Tartan Mill", ((140, 42, 46), (230, 208, 170), (30, 58, 52)), "checks",
          ("woven since 1887", "heritage from the Borders")),
    Brand("Pixelhaus", ((94, 72, 160), (214, 206, 244), (70, 200, 220)), "blocks",
          ("straight from the grid", "nerdy and proud of it")),
    Brand("Lumen Nine", ((18, 118, 190), (236, 244, 250), (250, 90, 130)), "waves",
          ("brand new in our shop", "engineered in Taipei")),
)  # fmt: skip

NEWCOMER = len(BRANDS) - 1
"""Index of the brand that is not yet on sale on the first day."""

MERIT_WORDS = (
    ("cool-toned", "muted", "balanced", "warm", "glowing"),
    ("fine-patterned", "delicate", "classic", "bold", "oversized-pattern"),
    ("slim", "narrow", "regular", "roomy", "wide"),
    ("deep", "dark", "mid-tone", "light", "pale"),
    ("featherlight", "lightweight", "medium-weight", "sturdy", "heavy-duty"),
    ("raw", "casual", "versatile", "smart", "elegant"),
    ("simple", "practical", "well-thought-out", "feature-rich", "ingenious"),
    ("rough", "textured", "smooth", "soft", "silky"),
)
"""Five words per merit dimension, from low to high. Pictures show dimensions 0-3, texts the later ones."""
