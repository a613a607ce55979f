"""Words that other software writes where a value is missing: no identifier, no number, no time."""

NULL_WORDS = (
    *("null", "none", "nil", "nan", "na", "n/a", "undefined", "<na>", "(null)", "\\n", "-", "--", "–", "—"),
    *("#n/a", "#nv", "#n/d", "#n/b"),  # a spreadsheet's #N/A in English, German, Italian and Dutch
)
"""In lower case. An identifier that reads so is refused; a number, time or boolean is missing."""


def is_absent(text: str) -> bool:
    """Whether a text is blank or a null word, whatever its case."""
    plain = text.strip().lower()
    return not plain or plain in NULL_WORDS
