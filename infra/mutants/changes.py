"""Possible changes of a source file: one operator, constant, condition or statement."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div,
    ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
UNTOUCHED = (ast.JoinedStr, ast.Raise, ast.Assert, ast.Import, ast.ImportFrom)
"""Skipped: messages and imports. Python 3.11 does not give the positions of an f-string's parts."""
LOGGERS = ("log", "logger", "logging", "warnings")
WORDS = ("do", "note", "description", "help")  # keywords whose values only people read


@dataclass(frozen=True)
class Change:
    """``source[start:end]``, which reads ``before``, becomes ``after``. Offsets count bytes, lines from 1."""

    line: int
    start: int
    end: int
    before: str
    after: str

    def applied(self, source: bytes) -> bytes:
        """The changed source."""
        return source[: self.start] + self.after.encode() + source[self.end :]

    def compiles(self, source: bytes) -> bool:
        """Whether the changed source compiles."""
        try:
            compile(self.applied(source), "changed", "exec")
        except SyntaxError:
            return False
        return True


def changes(source: bytes) -> list[Change]:
    """Every change of ``source``, in the order of places."""
    lines = source.splitlines(keepends=True)
    starts = list(accumulate((len(line) for line in lines), initial=0))
    found = {_change(source, starts, node, after) for node, after in _nodes(ast.parse(source))}
    return sorted(found, key=_place)


def _place(change: Change) -> tuple[int, int, str]:
    return change.start, change.end, change.after


def _change(source: bytes, starts: list[int], node: ast.expr | ast.stmt, after: str) -> Change:
    start = starts[node.lineno - 1] + node.col_offset
    end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
    return Change(node.lineno, start, end, source[start:end].decode(), after)


def _nodes(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Every node that can be replaced, with what replaces it."""
    for child in _children(tree):
        if isinstance(child, UNTOUCHED) or _for_types_only(child) or _for_people_only(child):
            continue
        yield from _replacements(child)
        yield from _nodes(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Without annotations and decorators."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _replacements(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    match node:
        case ast.Compare(left, operators, others):
            for place, operator in enumerate(operators):
                swapped = [*operators[:place], SWAPPED[type(operator)](), *operators[place + 1 :]]
                yield node, _text(ast.Compare(left, swapped, others))  # type: ignore[arg-type]
        case ast.BoolOp(operator, values):
            yield node, _text(ast.BoolOp(SWAPPED[type(operator)](), values))  # type: ignore[arg-type]
        case ast.BinOp(left, operator, right) if type(operator) in SWAPPED:
            yield node, _text(ast.BinOp(left, SWAPPED[type(operator)](), right))  # type: ignore[arg-type]
        case ast.UnaryOp(ast.Not(), operand):
            yield node, _text(operand)
        case ast.Constant(bool() as value):
            yield node, str(not value)
        case ast.Constant(int() as value):
            yield node, str(value + 1)
        case ast.If(ast.Name() | ast.Call() | ast.Attribute() as test) | ast.IfExp(
            ast.Name() | ast.Call() | ast.Attribute() as test
        ):
            yield test, _text(ast.UnaryOp(ast.Not(), test))
        case ast.Expr(ast.Call()):
            yield node, "pass"
        case ast.Return(ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield node, "return None"
        case _:
            return


def _text(node: ast.expr) -> str:
    return f"({ast.unparse(ast.fix_missing_locations(node))})"


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _for_people_only(node: ast.AST) -> bool:
    """Log calls, and arguments that hold nothing but a text to read."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
            return name.lower() in LOGGERS
        case ast.keyword(name):
            return name in WORDS
        case _:
            return False
