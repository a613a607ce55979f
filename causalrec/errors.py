"""All errors that the project raises, and the reason codes of rejected rows.

Every error says what happened and what to do about it; jobs print ``str(error)`` as one line.
"""

from enum import StrEnum
from typing import ClassVar

_CONTROLS = {code: f"\\x{code:02x}" for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\n\t"}


def printable(text: str) -> str:
    """The text with control characters as escapes: names of foreign files must not steer a terminal."""
    return text.translate(_CONTROLS)


class CausalrecError(Exception):
    """Base of every error that this project raises on purpose.

    ``what`` states the fact with its numbers, ``do`` the next step for the reader. ``passing`` means that the
    same call may succeed later, so that a retry makes sense.
    """

    passing: ClassVar[bool] = False

    def __init__(self, what: str, *, do: str) -> None:
        what, do = printable(what), printable(do)
        super().__init__(what, do)
        self.what = what
        self.do = do

    def __str__(self) -> str:
        return f"{self.what} -> {self.do}"


class SettingsError(CausalrecError):
    """A setting is missing, unknown or out of range."""


class ContractError(CausalrecError):
    """Data or a schema file breaks a contract (column missing, renamed or re-typed)."""


class SourceError(CausalrecError):
    """A delivery in the landing zone is absent, empty or unreadable."""


class QualityError(CausalrecError):
    """A batch as a whole fails the gate; nothing was written."""


class LakeError(CausalrecError):
    """A Delta table cannot be read or written as asked."""

    passing = True


class DiskError(CausalrecError):
    """A disk is full, read-only or broken, or a file may not be written."""

    passing = True


class StoreError(LakeError):
    """The store of the tables does not respond or refuses access; nothing is known about its tables."""


class ConflictError(LakeError):
    """Another writer replaced the same partition first; nothing was written."""


class PinError(LakeError):
    """A pinned version is no longer readable."""

    passing = False


class ResourceRefused(CausalrecError):
    """A path or URI points outside the allowed roots."""


class ResourceUnreachable(CausalrecError):
    """Bytes that are allowed but could not be read now; a later attempt may succeed."""

    passing = True


class FeatureError(CausalrecError):
    """An encoder cannot be loaded, or it produced a vector that must not be stored."""


class DatasetError(CausalrecError):
    """A dataset or bundle is inconsistent or too small to use."""


class TrainingError(CausalrecError):
    """Training diverged, or the request cannot be met."""

    passing = True


class RegistryError(CausalrecError):
    """A model version is missing, incomplete, tampered with or not promotable."""

    passing = True


class LostRegistry(RegistryError):
    """MLflow no longer has the champion that the table ``promotions`` names; retrying does not help."""

    passing = False


class GateRefused(RegistryError):
    """The gate refused a model version; a retry would give the same result."""

    passing = False


class RequestError(CausalrecError):
    """A request to a served model is invalid."""


class ScoringError(CausalrecError):
    """A recommendation table fails its verification; the published one stays."""


class ExportError(CausalrecError):
    """A store that shops serve from cannot be written; it keeps serving what it had."""

    passing = True


class ReasonCode(StrEnum):
    """Why a row was rejected: the value stored in ``quarantine`` and ``image_failures``."""

    # parsing
    UNPARSEABLE = "unparseable"
    INVALID_TYPE = "invalid_type"
    UNCLEAR_NUMBER = "unclear_number"
    OTHER_CURRENCY = "other_currency"
    MISSING_REQUIRED = "missing_required"
    # row rules
    DUPLICATE = "duplicate"
    FUTURE_EVENT = "future_event"
    WRONG_PARTITION = "wrong_partition"
    TOO_OLD = "too_old"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    BAD_PRICE = "bad_price"
    BAD_POSITION = "bad_position"
    BAD_PROPENSITY = "bad_propensity"
    BAD_TEXT = "bad_text"
    BAD_ID = "bad_id"
    NULL_ID = "null_id"
    REUSED_ID = "reused_id"
    # pictures
    IMAGE_MISSING = "image_missing"
    IMAGE_UNREACHABLE = "image_unreachable"
    IMAGE_FORBIDDEN = "image_forbidden"
    IMAGE_EMPTY = "image_empty"
    IMAGE_TOO_LARGE = "image_too_large"
    IMAGE_NOT_AN_IMAGE = "image_not_an_image"
    IMAGE_CORRUPT = "image_corrupt"
    IMAGE_BAD_SIZE = "image_bad_size"
    IMAGE_CHANGED = "image_changed"
