"""What ``upgrade()`` or ``downgrade()`` of a revision does, found out by letting it tell a recorder instead of Alembic.

Nothing is installed for it: the function, and what it calls in its own file, run with a recorder in place of ``op``
in a copy of their module's names. So it works in the middle of a command, and in several threads.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from .safety import Examination, UnsafeError

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation
    from sqlalchemy import Dialect

_MOST = 100_000  # operations: a function with more than that is not waited for


@dataclass(frozen=True)
class Step:
    """An operation of a revision, and the line in its file that says it. One in a batch has the batch's table."""

    op: MigrateOperation
    line: int


def recorded(module: ModuleType, tree: ast.Module, function: str, dialect: Dialect) -> list[Step] | None:
    """Return what a function of a revision does on a dialect, in its order; None if only running it would tell.

    ``tree`` is the syntax tree of the module, by which it is decided whether the function can be run safely.
    """
    examination = Examination(tree, module)
    try:
        called = examination.require_safe(function)
        recorder = make_recorder(dialect, called.__code__.co_filename, examination.uses_tables)
        run(called, _namespace(examination, module), recorder, examination.functions)
    except UnsafeError:
        return None
    except Exception:  # whatever is wrong with it: the revision itself will say so when it runs
        return None
    steps: list[Step] = recorder.steps
    return steps


def run(function: FunctionType, namespace: dict[str, Any], recorder: Any, others: dict[str, FunctionType]) -> None:
    """Run a function in a namespace in which a recorder stands for ``alembic.op``.

    ``others`` are the functions of the same file that it may call. Raises whatever it raises.
    """
    from alembic import op

    namespace |= {name: recorder for name, value in namespace.items() if value is op}
    namespace |= {name: _moved(other, namespace) for name, other in others.items()}
    _moved(function, namespace)()


def _moved(function: FunctionType, namespace: dict[str, Any]) -> FunctionType:
    """Return a function that looks up its global names in another namespace."""
    moved = FunctionType(function.__code__, namespace, function.__name__, function.__defaults__)
    moved.__kwdefaults__ = function.__kwdefaults__
    return moved


def _namespace(examination: Examination, module: ModuleType) -> dict[str, Any]:
    """Return the module's names, with copies of what a function might change."""
    values = dict(vars(module))
    changeable = [name for name in examination.names if isinstance(values.get(name), (list, dict, set))]
    return values | {name: deepcopy(values[name]) for name in changeable}


def make_recorder(dialect: Dialect, file: str, makes_tables: bool = False) -> Any:
    """Return something that stands for ``alembic.op``: its ``steps`` are what it was told by code of a file.

    What ``create_table()`` returns takes time to make: on request only.
    """
    return _recorder_class()(dialect, file, makes_tables)


@cache
def _recorder_class() -> Any:
    """Return the class of recorders; Alembic is imported only when one is needed."""
    from alembic.operations import BatchOperations, Operations
    from alembic.operations.ops import CreateTableOp

    def record(recorder: Any, operation: MigrateOperation) -> Any:
        if len(recorder.steps) >= _MOST:
            raise UnsafeError("too much")
        frame: Any = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != recorder.file:
            frame = frame.f_back
        recorder.steps.append(Step(operation, frame.f_lineno if frame is not None else 0))
        makes_table = recorder.makes_tables and isinstance(operation, CreateTableOp)
        return operation.to_table() if makes_table else None  # type: ignore[attr-defined]

    class BatchRecorder(BatchOperations):
        def invoke(self, operation: Any) -> Any:
            return record(self, operation)

    class Recorder(Operations):
        def __init__(self, dialect: Dialect, file: str, makes_tables: bool) -> None:
            context: Any = SimpleNamespace(
                dialect=dialect, opts={}, impl=None, autocommit_block=nullcontext, connection=None, as_sql=True
            )
            super().__init__(context)
            self.steps: list[Step] = []
            self.file, self.makes_tables = file, makes_tables

        def invoke(self, operation: Any) -> Any:
            return record(self, operation)

        def get_context(self) -> Any:
            return self.migration_context

        def get_bind(self) -> Any:
            return self.migration_context

        @contextmanager
        def batch_alter_table(self, table_name: str, schema: str | None = None, *_: Any, **__: Any) -> Iterator[Any]:
            table: Any = SimpleNamespace(table_name=table_name, schema=schema)
            batch: Any = BatchRecorder(self.migration_context, impl=table)
            batch.steps, batch.file, batch.makes_tables = self.steps, self.file, False
            yield batch

    return Recorder
