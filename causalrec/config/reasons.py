"""The texts that a shop shows beside a recommendation."""

from typing import Literal

from pydantic import Field

from causalrec.config.section import FolderOrUri, Section


class ReasonSettings(Section):
    """Reasons that shoppers read: the column ``shop_reason``, one text per language."""

    languages: tuple[str, ...] = Field(
        (), description="languages of the texts: en, de, fr, es, or one that files names; empty: no texts"
    )
    tone: Literal["friendly", "formal"] = Field(
        "friendly", description="friendly: as to a friend (du, tu); formal: as to a stranger (vous, usted)"
    )
    length: Literal["short", "long"] = Field(
        "short", description="long: says too if brand or category are those of the user's own item"
    )
    title_chars: int = Field(
        60, ge=10, description="characters of a title in a text; longer ones are cut at a word"
    )
    files: dict[str, FolderOrUri] = Field(
        {}, description="language -> TOML file with its phrases, for more languages or other words"
    )
