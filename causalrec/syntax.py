"""The imports of one source file, and a hash of its syntax tree that ignores comments."""

import ast
import hashlib
from dataclasses import dataclass

_SILENT = frozenset({"ctx", "kind", "type_comment"})
_NAMING = frozenset({ast.Import, ast.ImportFrom, ast.Call})


@dataclass(frozen=True)
class Read:
    """One source file.

    Attributes:
        tree: hash of its syntax tree. imports: dotted names of modules, or of what is imported from them.
        beside: names of files and folders in its own folder that it reads by ``Path(__file__).with_name``.
    """

    tree: str
    imports: tuple[str, ...]
    beside: tuple[str, ...]


def read(source: bytes, package: str) -> Read:
    """Reads one file of ``package``; imports that only type checkers see do not count."""
    reader = _Reader(package)
    reader.visit(ast.parse(source))
    digest = hashlib.sha256("".join(reader.words).encode()).hexdigest()
    return Read(digest, tuple(sorted(reader.imports)), tuple(sorted(reader.beside)))


class _Reader:
    """One walk over a syntax tree: its text, without fields that are empty or that only some Pythons have."""

    def __init__(self, package: str) -> None:
        self.words: list[str] = []
        self.imports: set[str] = set()
        self.beside: set[str] = set()
        self._package = package
        self._types_only = 0

    def visit(self, value: object) -> None:
        """Adds one node, list of nodes or constant."""
        if isinstance(value, ast.AST):
            self._node(value)
        elif isinstance(value, list):
            self.words.append("[")
            for part in value:
                if not _says_nothing(part):
                    self.visit(part)
            self.words.append("]")
        else:
            self.words.append(repr(value))

    def _node(self, node: ast.AST) -> None:
        kind = type(node)
        if kind in _NAMING and not self._types_only:
            self._names(node)
        guard = kind is ast.If and _for_type_checkers(node)
        self.words.append(f"{kind.__name__}(")
        for name in kind._fields:
            part = getattr(node, name, None)
            if part is None or part == [] or name in _SILENT:
                continue
            self.words.append(f"{name}=")
            self._types_only += guard and name == "body"
            self.visit(part)
            self._types_only -= guard and name == "body"
        self.words.append(")")

    def _names(self, node: ast.AST) -> None:
        """Modules and files that a node names."""
        match node:
            case ast.Import():
                self.imports |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                origin = _origin(node, self._package)
                self.imports |= {f"{origin}.{alias.name}" for alias in node.names}
            case ast.Call(func=ast.Attribute(attr="with_name"), args=[ast.Constant(value=str(name))]):
                self.beside.add(name)


def _for_type_checkers(node: ast.AST) -> bool:
    """Whether the body of an ``if`` never runs."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return True
    return False


def _origin(node: ast.ImportFrom, package: str) -> str:
    """Dotted name of what is imported from."""
    parts = package.split(".")
    around = parts[: len(parts) + 1 - node.level] if node.level else []
    return ".".join([*around, *([node.module] if node.module else [])])


def _says_nothing(node: object) -> bool:
    """Docstrings, other strings without effect, and ``pass``."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Pass)
