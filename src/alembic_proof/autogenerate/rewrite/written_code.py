"""Rule: what is written compiles, finds all names that it uses, and says the types that are meant."""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from textwrap import indent
from types import FunctionType, ModuleType
from typing import Any

import sqlalchemy
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DowngradeOps,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)
from alembic.util import CommandError
from mako.pygen import PythonPrinter  # type: ignore[import-untyped]
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DefaultClause,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    TextClause,
    UniqueConstraint,
)
from sqlalchemy.sql.functions import FunctionElement

from ... import upstream
from ...revisions.recorder import make_recorder, run
from ...revisions.safety import Examination, UnsafeError
from ...sqltext import full_name
from ..draft import Draft
from ..operations import DestructiveOp
from ..type_code import same

# What Alembic writes of SQLAlchemy's own is taken to be right: a first revision may have thousands of such columns.
_PLAIN_TYPES = frozenset(
    (
        *(sqlalchemy.BigInteger, sqlalchemy.Boolean, sqlalchemy.Date, sqlalchemy.DateTime, sqlalchemy.Double),
        *(sqlalchemy.Float, sqlalchemy.Integer, sqlalchemy.LargeBinary, sqlalchemy.Numeric, sqlalchemy.SmallInteger),
        *(sqlalchemy.String, sqlalchemy.Text, sqlalchemy.Time, sqlalchemy.Unicode, sqlalchemy.UnicodeText),
        sqlalchemy.Uuid,
    )
)


_PLAIN_CONSTRAINTS = (CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint)


def written_code(draft: Draft) -> None:
    """Raise CommandError for what cannot be written, or would not run: before there is a file."""
    for operations in (draft.upgrade, draft.downgrade):
        seen: set[Any] = set()
        checked = [part for op in operations.ops for part in _to_check(op, seen)]
        if checked:
            _require_right(draft, type(operations)(checked))


def _to_check(op: MigrateOperation, seen: set[Any]) -> Iterator[MigrateOperation]:
    """Yield what of an operation is to be tried: of new tables, each kind of column once."""
    if isinstance(op, CreateTableOp) and _has_only_plain_constraints(op):
        for column in op.columns:
            if isinstance(column, Column) and not _is_plain(column):
                key = (type(column.type), repr(column.type), repr(column.server_default))
                if key not in seen:
                    seen.add(key)
                    yield AddColumnOp(op.table_name, column, schema=op.schema)
    elif not isinstance(op, DropTableOp) and not all(map(_is_plain_index, getattr(op, "ops", [op]))):
        yield op


def _is_plain_index(op: MigrateOperation) -> bool:
    """Tell whether an operation is about an index of columns, without options: a new table may have several."""
    if not isinstance(op, (CreateIndexOp, DropIndexOp)) or not all(map(_says_nothing, op.kw.values())):
        return False
    return isinstance(op, DropIndexOp) or all(isinstance(column, (str, Column)) for column in op.columns)


def _says_nothing(option: Any) -> bool:
    """Tell whether an option is as if it were not given; an expression cannot be asked whether it is true."""
    return option is None or option is False or (isinstance(option, (list, tuple, dict)) and not option)


def _has_only_plain_constraints(op: CreateTableOp) -> bool:
    is_plain = (type(item) is Column or type(item) in _PLAIN_CONSTRAINTS for item in op.columns)
    return not op.kw.get("prefixes") and all(is_plain)


def _is_plain(column: Column[Any]) -> bool:
    """Tell whether a column has nothing in it but what Alembic writes of SQLAlchemy's own."""
    default = column.server_default
    if type(default) is DefaultClause:
        is_default_plain = isinstance(default.arg, (str, TextClause, FunctionElement))
    else:
        is_default_plain = default is None or isinstance(default, (Computed, Identity))
    return is_default_plain and type(column.type) in _PLAIN_TYPES and not upstream.variants(column.type)


def _types(ops: list[Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each type in operations, with its table and column."""
    for op in ops:
        table = full_name(getattr(op, "table_name", ""), getattr(op, "schema", None))
        if isinstance(op, ModifyTableOps):
            yield from _types(list(op.ops))
        elif isinstance(op, DestructiveOp):
            yield from _types([op.op])
        elif isinstance(op, CreateTableOp):
            yield from ((table, item.name, item.type) for item in op.columns if isinstance(item, Column))
        elif isinstance(op, AddColumnOp):
            yield table, op.column.name, op.column.type
        elif isinstance(op, AlterColumnOp) and op.modify_name is None:  # a rename may be written without its type
            yield from (
                (table, op.column_name, each) for each in (op.existing_type, op.modify_type) if each is not None
            )


def _require_right(draft: Draft, operations: UpgradeOps | DowngradeOps) -> None:
    """Raise CommandError if operations cannot be written, or if what is written does not run, or means other types."""
    try:
        code, imports = _rendered(draft, operations)
        steps = _recorded(draft, code, imports)
    except CommandError:
        raise
    except Exception as error:  # whatever a project's types and hooks, and the code that comes of them, raise
        for part in _parts(operations.ops):  # which of them it is
            _require_right(draft, type(operations)([part]))
        what, reason = _subject(operations), f"{type(error).__name__}: {error}"
        raise CommandError(
            f"What would be written about {what} is no code that runs: {reason}. "
            "Give its type, default and options plain values as arguments, or let script.py.mako import what the code "
            "needs; or write the revision by hand. Nothing was written."
        ) from None
    if steps is not None:
        _require_same_types(draft, list(operations.ops), [step.op for step in steps])


def _parts(ops: list[Any]) -> list[MigrateOperation]:
    """Return the parts of operations, each to be tried by itself; nothing if they have none."""
    if len(ops) > 1:
        return ops
    (op,) = ops
    if isinstance(op, ModifyTableOps) and len(op.ops) > 1:
        return [ModifyTableOps(op.table_name, [inner], schema=op.schema) for inner in op.ops]
    if isinstance(op, CreateTableOp):
        columns = [item for item in op.columns if isinstance(item, Column)]
        return [AddColumnOp(op.table_name, column, schema=op.schema) for column in columns]
    return []


def _subject(operations: UpgradeOps | DowngradeOps) -> str:
    """Return what an operation is about: a column, a table, or the change."""
    for table, column, _ in _types(list(operations.ops)):
        return table if isinstance(operations.ops[0], CreateTableOp) else f"{table}.{column}"
    return next((str(op.table_name) for op in operations.ops if hasattr(op, "table_name")), "this change")


def _rendered(draft: Draft, operations: UpgradeOps | DowngradeOps) -> tuple[str, set[str]]:
    """Return the code of operations, as Alembic will write it, and the imports that it needs.

    Raises CommandError, with the name of the column, for a type that cannot be written.
    """
    opts, imports = draft.context.opts, set[str]()

    def render_item(type_: str, item: Any, autogen_context: Any) -> Any:
        try:
            return opts["render_item"](type_, item, autogen_context) if opts.get("render_item") else False
        except CommandError as error:
            # Alembic may have copied it with its table.
            names = [f"{table}.{column}" for table, column, each in _types(list(operations.ops)) if same(each, item)]
            raise CommandError(f"{' and '.join(names) or 'A column'} cannot be written. {error}") from None

    context = AutogenContext(draft.context, metadata=opts["target_metadata"], opts={**opts, "render_item": render_item})
    context.imports = imports
    written = StringIO()
    printer = PythonPrinter(written)  # which Alembic uses
    for op in operations.ops:
        for line in render_op(context, op):
            printer.writeline(line)
    return indent(written.getvalue(), "    "), imports


def _recorded(draft: Draft, code: str, imports: set[str]) -> Any:
    """Return the steps of code that runs; None for code of a project's own that may do more. Raises what it raises."""
    module = ModuleType("revision_to_be_written")
    template = _template(draft)
    for line in re.findall(r"^(?:import|from) .*$", template, re.MULTILINE):
        with suppress(Exception):
            exec(line, vars(module))
    for line in imports if "imports" in template else ():
        exec(line, vars(module))
    source = f"def upgrade():\n    pass\n{code}\n"
    tree = ast.parse(source)
    exec(compile(tree, "<revision>", "exec"), vars(module))
    _require_names(tree, vars(module))
    examination = Examination(tree, module)
    try:
        function: FunctionType = examination.require_safe("upgrade")
    except UnsafeError:
        return None
    recorder = make_recorder(draft.dialect, "<revision>")
    run(function, dict(vars(module)), recorder, {})
    return recorder.steps


def _template(draft: Draft) -> str:
    """Return the text of the project's script.py.mako; where there is none, of one as Alembic has."""
    environment = draft.context.environment_context
    path = Path(environment.script.dir, "script.py.mako") if environment is not None else Path()
    if path.is_file():
        return path.read_text(encoding="utf-8")
    return "from alembic import op\nimport sqlalchemy as sa\n${imports}"


def _require_names(tree: ast.Module, namespace: dict[str, Any]) -> None:
    """Raise NameError for a name that the revision would not find."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    known = {node.id for node in nodes if isinstance(node.ctx, ast.Store)} | namespace.keys()
    for node in nodes:
        if node.id not in known and not hasattr(builtins, node.id):
            raise NameError(f"name {node.id!r} is not defined")


def _require_same_types(draft: Draft, meant: list[Any], written: list[Any]) -> None:
    """Raise CommandError where the code makes another type than is meant, as the database sees it."""
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table, column, type_ in _types(written):
        made[table, column].append(_sql(draft, type_))
    for table, column, type_ in _types(meant):
        sql = _sql(draft, type_)
        if sql and (table, column) in made and sql not in made[table, column]:
            raise CommandError(
                f"{table}.{column} has the type {type_!r}, {sql}, but what would be written of it makes "
                f"{made[table, column][-1]}: correct what renders the type (its __repr__, or render_item in env.py). "
                "Nothing was written."
            )


def _sql(draft: Draft, type_: Any) -> str:
    """Return the SQL of a type, without the default schema; nothing for one that the database does not have."""
    with suppress(Exception):
        compiler: Any = draft.dialect.type_compiler_instance
        return str(compiler.process(type_)).removeprefix(f"{draft.dialect.default_schema_name}.")
    return ""
