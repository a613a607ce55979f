"""Options that take several values at once: ``--models a b`` as well as ``--models a --models b``."""

from typing import Any

from typer.core import TyperCommand, TyperOption


class ManyValues(TyperCommand):
    """Reads the values that follow a repeatable option as if the option stood before each of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Parses ``args`` after every value has its option."""
        several = {
            name
            for parameter in self.params
            if isinstance(parameter, TyperOption) and parameter.multiple
            for name in parameter.opts
        }
        return super().parse_args(ctx, repeated(args, several))


def repeated(args: list[str], several: set[str]) -> list[str]:
    """``args`` with the option before each value of the options in ``several``.

    >>> repeated(["--models", "a", "b", "--test"], {"--models"})
    ['--models', 'a', '--models', 'b', '--test']
    """
    found: list[str] = []
    option = ""
    for arg in args:
        if arg.startswith("-"):
            option = arg if arg in several else ""
            found += [] if option else [arg]
        else:
            found += [option, arg] if option else [arg]
    return found
