"""The phrases of a language: a reviewed TOML file, checked when it is read."""

import hashlib
import tomllib
from pathlib import Path
from string import Formatter
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from causalrec.config.reasons import ReasonSettings
from causalrec.config.section import first_error
from causalrec.errors import SettingsError

BOOKS = Path(__file__).with_name("books")
Case = Literal["similar", "same_brand", "same_category", "taste", "popular", "new", "explore", "promoted"]
FACTS: dict[str, frozenset[str]] = {
    "similar": frozenset({"title"}),
    "same_brand": frozenset({"title", "brand"}),
    "same_category": frozenset({"title", "category"}),
}
"""Case -> facts that its phrase may, and must, name. Other cases name none."""


class Phrases(BaseModel):
    """One phrase per case, in one tone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    similar: str
    same_brand: str
    same_category: str
    taste: str
    popular: str
    new: str
    explore: str
    promoted: str

    @model_validator(mode="after")
    def _names_its_facts(self) -> Self:
        for case, phrase in self:
            named = {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}
            if named != FACTS.get(case, frozenset()):
                wanted = ", ".join(sorted(FACTS.get(case, ()))) or "none"
                raise ValueError(f"{case} names the facts {sorted(named)}, expected {wanted}")
        return self

    def of(self, case: Case) -> str:
        """The phrase of a case."""
        found: str = getattr(self, case)
        return found


class Book(BaseModel):
    """A language: the same phrases in both tones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    friendly: Phrases
    formal: Phrases


def books_of(settings: ReasonSettings) -> dict[str, Phrases]:
    """Language -> its phrases in the tone of the settings, in their order.

    Raises:
        SettingsError: a language has no phrases, or its file is not as it should be.
    """
    return {language: _phrases(settings, language) for language in settings.languages}


class PackedWording(BaseModel):
    """What a model version says on its own, wherever it is served: phrases instead of names of files."""

    model_config = ConfigDict(frozen=True)

    phrases: dict[str, Phrases] = {}
    long: bool = False
    title_chars: int = ReasonSettings().title_chars


def packed(settings: ReasonSettings) -> PackedWording:
    """The wording of the settings.

    Raises:
        SettingsError: a language has no phrases, or its file is not as it should be.
    """
    long = settings.length == "long"
    return PackedWording(phrases=books_of(settings), long=long, title_chars=settings.title_chars)


def reasons_input(settings: ReasonSettings) -> dict[str, str]:
    """What the texts depend on, for fingerprints; nothing where there are none."""
    if not settings.languages:
        return {}
    files = [_file(settings, language).read_bytes() for language in settings.languages]
    return {"reasons": hashlib.sha256(b"\0".join([settings.model_dump_json().encode(), *files])).hexdigest()}


def _phrases(settings: ReasonSettings, language: str) -> Phrases:
    file = _file(settings, language)
    try:
        read: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        book = Book.model_validate(read)
    except ValidationError as error:
        raise SettingsError(
            f"{file}: {first_error(error)}", do=f"compare it with {BOOKS / 'en.toml'}"
        ) from error
    except (ValueError, OSError) as error:
        raise SettingsError(
            f"{file} cannot be read: {error}", do="reasons.files names a TOML file"
        ) from error
    return book.friendly if settings.tone == "friendly" else book.formal


def _file(settings: ReasonSettings, language: str) -> Path:
    file = Path(settings.files[language]) if language in settings.files else BOOKS / f"{language}.toml"
    if "/" in language or not file.is_file():
        known = ", ".join(sorted(own.stem for own in BOOKS.glob("*.toml")))
        raise SettingsError(
            f"there are no phrases for the language {language!r}",
            do=f"use one of {known}, or name a file of phrases under [reasons.files]",
        )
    return file
