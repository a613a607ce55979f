"""The lines above the rows of a CSV file (separator line, comments, header) and its delimiter."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)


@dataclass(frozen=True)
class CsvHead:
    """Cleaned names in the header, '' for unnamed columns; and the delimiter.

    Attributes:
        names: spelled as in the contract or the layout if they differ only by case or blanks.
        delimiter: between cells.
        given: names as in the file.
        first: the first row, if it was needed to find the delimiter.
    """

    names: tuple[str, ...]
    delimiter: str
    given: tuple[str, ...] = ()
    first: str = ""

    @property
    def twice(self) -> dict[str, int]:
        """Names that occur more than once, with their counts."""
        return {name: count for name, count in Counter(self.names).items() if name and count > 1}


def read_head(
    lines: Iterator[str], known: frozenset[str], declared: Sequence[str], delimiter: str
) -> CsvHead:
    """Consumes the lines above the first row of ``lines``; without any line, no names.

    Args:
        known: names to look for.
        declared: names of a file without a header. delimiter: '' chooses the one that yields the most known
            names.

    Raises:
        csv.Error: the header line is not valid CSV.
    """
    for line in lines:
        text = line.rstrip("\r\n")
        separator = _SEPARATOR.match(text)
        if separator:
            delimiter = delimiter or separator[1]
        elif declared:
            found = delimiter or max(DELIMITERS, key=text.count)
            return CsvHead(tuple(declared), found, tuple(declared), line)
        elif text.strip() and not text.lstrip().startswith("#"):
            return _head(text, known, delimiter)
    return CsvHead(tuple(declared), delimiter or ",")


def _head(line: str, known: frozenset[str], delimiter: str) -> CsvHead:
    tried = [_split(line, one, known) for one in (delimiter or DELIMITERS)]
    return max(tried, key=lambda head: (sum(name in known for name in head.names), len(head.names)))


def _split(line: str, delimiter: str, known: frozenset[str]) -> CsvHead:
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    given = [cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for cell in cells]
    return CsvHead(tuple(spelled(given, known)), delimiter, tuple(given))


def spelled(given: Iterable[str], known: frozenset[str]) -> list[str]:
    """Column names in their known spelling, if they differ only by case or surrounding blanks."""
    by_fold: dict[str, str] = {}
    for name in sorted(known):
        by_fold[name.casefold()] = name if name.casefold() not in by_fold else ""
    tidy = [name.strip().strip("\N{ZERO WIDTH NO-BREAK SPACE}").strip() for name in given]
    return [name if name in known else by_fold.get(name.casefold()) or name for name in tidy]
