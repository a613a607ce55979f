"""What stands above the rows of a CSV file: a separator line, comments, the header; and its delimiter."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)


@dataclass(frozen=True)
class CsvHead:
    """Names in the header, tidied, with '' for columns that have none; and how cells are separated.

    Attributes:
        names: as the contract or the layout spells them where they differ by case or blanks only.
        delimiter: between cells.
        given: names as they stand in the file.
        first: the first row, where it was needed to find the delimiter.
    """

    names: tuple[str, ...]
    delimiter: str
    given: tuple[str, ...] = ()
    first: str = ""

    @property
    def twice(self) -> dict[str, int]:
        """Names that stand there more than once, with how often."""
        return {name: count for name, count in Counter(self.names).items() if name and count > 1}


def read_head(
    lines: Iterator[str], known: frozenset[str], declared: Sequence[str], delimiter: str
) -> CsvHead:
    """Takes the lines above the first row from ``lines``; without any line, no names.

    Args:
        known: names that are looked for.
        declared: names of a file without a header. delimiter: '' takes the one that shows most known names.

    Raises:
        csv.Error: the header line is no CSV.
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
    """Column names as they are known, where they differ by case or blanks around them only."""
    by_fold: dict[str, str] = {}
    for name in sorted(known):
        by_fold[name.casefold()] = name if name.casefold() not in by_fold else ""
    tidy = [name.strip().strip("\N{ZERO WIDTH NO-BREAK SPACE}").strip() for name in given]
    return [name if name in known else by_fold.get(name.casefold()) or name for name in tidy]
