"""What a revision does, in Alembic's own operations: the one place that tells it to who must know before it runs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import reader
from .recorder import Step, recorded
from .safety import Examination, UnsafeError

if TYPE_CHECKING:
    from alembic.script import Script
    from sqlalchemy import Dialect

Direction = Literal["upgrade", "downgrade"]


def actions(script: Script, direction: Direction, dialect: Dialect) -> list[Step]:
    """Return what ``upgrade()`` or ``downgrade()`` of a revision does, in its order.

    Where it can be run safely against a recorder, this is exact: with loops, constants and helpers of its file. Where
    not, it is what is written there, with ``reader.UNKNOWN`` in place of names that only running would tell; then
    every text counts as SQL that is executed, as it may be.
    """
    tree = _tree(Path(script.path))
    steps = recorded(script.module, tree, direction, dialect)
    if steps is not None:
        return steps
    examination = Examination(tree, script.module)

    def evaluate(expression: ast.expr) -> Any:
        try:
            return examination.evaluated(expression)
        except UnsafeError as error:
            raise LookupError(str(error)) from None

    return reader.steps(tree, direction, evaluate)


def _tree(path: Path) -> ast.Module:
    """Return the syntax tree of a revision; an empty one if there is only its bytecode."""
    return ast.parse(path.read_bytes() if path.suffix == ".py" else b"")
