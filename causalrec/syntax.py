"""What one source file says: its imports, and a hash of its syntax tree that comments do not change."""

import ast
import hashlib
from dataclasses import dataclass

_SILENT = ("ctx", "kind", "type_comment")


@dataclass(frozen=True)
class Read:
    """One source file.

    Attributes:
        tree: hash of its syntax tree. imports: dotted names of modules, or of what is imported from them.
        beside: names of files and folders beside it that it reads by ``Path(__file__).with_name``.
    """

    tree: str
    imports: tuple[str, ...]
    beside: tuple[str, ...]


def read(source: bytes, package: str) -> Read:
    """Reads one file of ``package``; imports for type checkers alone do not count."""
    tree = ast.parse(source)
    imports: set[str] = set()
    beside: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                waiting += node.orelse
                continue
            case ast.Import():
                imports |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                imports |= {f"{_origin(node, package)}.{alias.name}" for alias in node.names}
            case ast.Call(func=ast.Attribute(attr="with_name"), args=[ast.Constant(value=str(name))]):
                beside.add(name)
        waiting += ast.iter_child_nodes(node)
    digest = hashlib.sha256(_plain(tree).encode()).hexdigest()
    return Read(digest, tuple(sorted(imports)), tuple(sorted(beside)))


def _origin(node: ast.ImportFrom, package: str) -> str:
    """Dotted name of what is imported from."""
    parts = package.split(".")
    around = parts[: len(parts) + 1 - node.level] if node.level else []
    return ".".join([*around, *([node.module] if node.module else [])])


def _plain(value: object) -> str:
    """A syntax tree as text; fields that only some versions of Python have are empty and left out."""
    if isinstance(value, ast.AST):
        fields = [
            f"{name}={_plain(part)}"
            for name, part in ast.iter_fields(value)
            if part is not None and part != [] and name not in _SILENT
        ]
        return f"{type(value).__name__}({','.join(fields)})"
    if isinstance(value, list):
        return f"[{','.join(_plain(part) for part in value if not _says_nothing(part))}]"
    return repr(value)


def _says_nothing(node: object) -> bool:
    """Docstrings, other texts that nobody reads, and ``pass``."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Pass)
