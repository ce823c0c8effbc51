"""What autogenerate compares, and what a new revision may contain."""

import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from inspect import Parameter, signature
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AlterColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from alembic.util import CommandError, DispatchPriority, PriorityDispatchResult
from sqlalchemy import JSON, Column, DefaultClause, Integer, MetaData, Numeric, TypeDecorator, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import generic_repr

from . import notnull


def with_tables(metadata: MetaData) -> MetaData:
    """Return the metadata. Raises CommandError when it is empty: then no table would be compared."""
    if not metadata.tables:
        raise CommandError(
            "The models register no table: write a class that inherits Base and has a __tablename__ into a module of "
            "the models package."
        )
    return metadata


def include_object(obj: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out a table that is in the database but in no model, as it may be somebody else's.

    To drop the table of a model that you deleted, write op.drop_table() into a revision yourself.
    """
    return not (type_ == "table" and reflected and compare_to is None)


def compare_defaults(
    autogen_context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    inspected: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    """Settle what Alembic's own comparison of server defaults gets wrong, and leave the rest to it.

    MariaDB returns now() as current_timestamp() and true as 1; PostgreSQL cannot compare json, nor Alembic a string
    with a quote in it; SQLite's empty string is taken for a change.
    """
    before, after = inspected.server_default, model.server_default
    if not (isinstance(before, DefaultClause) and isinstance(after, DefaultClause)):
        return PriorityDispatchResult.CONTINUE
    change.existing_server_default = before
    old, new = (_plain(default, autogen_context.dialect) for default in (before, after))
    if old == new or (isinstance(model.type, (Integer, Numeric)) and _number(old) == _number(new) is not None):
        return PriorityDispatchResult.STOP
    quoted = _LITERAL.fullmatch(new) and "''" in new[1:-1]
    if autogen_context.dialect.name == "postgresql" and (quoted or isinstance(inspected.type, JSON)):
        change.modify_server_default = after
        return PriorityDispatchResult.STOP
    return PriorityDispatchResult.CONTINUE


_LITERAL = re.compile(r"'(?:[^']|'')*'")
Plugin("server_defaults").add_autogenerate_comparator(
    compare_defaults, "column", "server_default", priority=DispatchPriority.FIRST
)


def _plain(default: DefaultClause, dialect: Any) -> str:
    """Return a default as SQL, without parentheses, casts and spellings that make no difference."""
    if isinstance(default.arg, str):
        return "'{}'".format(default.arg.replace("'", "''"))
    text = str(default.arg.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
    literal = _LITERAL.match(text.lstrip("("))
    if literal and re.fullmatch(r"\)*(::.*)?", text.lstrip("(")[literal.end() :]):
        return literal[0]
    if dialect.name in ("mysql", "mariadb"):
        text = re.sub(r"\b(now|current_timestamp|localtime|localtimestamp)\b(\(\))?", "now", text, flags=re.IGNORECASE)
        text = {"true": "1", "false": "0"}.get(text.lower(), text)
    return text


def _number(default: str) -> Decimal | None:
    with suppress(InvalidOperation):
        return Decimal(default.strip("'()"))
    return None


def render_item(type_: str, obj: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Return the code for a type that is not SQLAlchemy's own, with the import that it needs; False for the rest.

    And for func.now() as a default, which Alembic writes in the words of the database that it is connected to.
    """
    if type_ == "server_default" and isinstance(getattr(obj, "arg", None), now):
        return "sa.func.now()"
    if isinstance(obj, postgresql.JSON):  # Alembic writes JSONB(astext_type=Text()) unless connected to PostgreSQL
        autogen_context.imports.add("from sqlalchemy import Text")
    module = type(obj).__module__
    if type_ != "type" or module.startswith("sqlalchemy."):
        return False
    autogen_context.imports.add(f"import {module}")
    return f"{module}.{type(obj).__qualname__}({_arguments(obj)})"


def _arguments(obj: Any) -> str:
    """Return the arguments that make an equal type. Raises CommandError when the type does not keep them."""
    named = [
        parameter.name
        for parameter in signature(type(obj).__init__).parameters.values()
        if parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD) and parameter.name != "self"
    ]
    inherited: tuple[Any, ...] = (TypeDecorator.__repr__, TypeEngine.__repr__)
    own_repr = type(obj).__repr__ not in inherited
    lost = [name for name in named if not hasattr(obj, name)]
    if lost and not own_repr:
        raise CommandError(
            f"A revision cannot say with which {', '.join(lost)} a {type(obj).__qualname__} was made: keep it in an "
            "attribute of the same name, or give the type a __repr__."
        )
    code = generic_repr(obj) if named and not own_repr else repr(obj)
    return code.partition("(")[2].removesuffix(")")


def tidy(context: MigrationContext, revision: Any, directives: list[Any]) -> None:
    """Write a revision so that it runs where there are rows, and in an order that MariaDB accepts."""
    written = _is_written(context)
    if written:
        _require_own_tables(context)
    for script in directives:
        for operations in script.upgrade_ops_list:
            notnull.in_steps(context, operations, written)
        for operations in (*script.upgrade_ops_list, *script.downgrade_ops_list):
            _foreign_keys_first(operations)
            _without_redundant_drops(operations)
    if written and all(script.upgrade_ops.is_empty() for script in directives):
        directives.clear()
        print("Models and database agree: there is nothing to write.")


def _is_written(context: MigrationContext) -> bool:
    """Tell whether the revision is to be written: alembic check only asks what it would contain."""
    command = getattr(context.config.cmd_opts if context.config else None, "cmd", None)
    arguments = context.opts["revision_context"].command_args
    named = command[0].__name__ == "revision" if command else arguments["message"] is not None
    return bool(named and arguments["autogenerate"])


def _require_own_tables(context: MigrationContext) -> None:
    """Raise CommandError when the models' tables are there and no revision made them: it would come out empty."""
    if context.get_current_heads() or context.connection is None:
        return
    there = set(inspect(context.connection).get_table_names())
    found = sorted(there & {table.name for table in notnull.tables(context).values()})
    if found:
        raise CommandError(
            f"The database has {', '.join(found)} already, but is at no revision: something other than migrations made "
            "them, and a revision written now could not make them elsewhere. Begin with an empty database."
        )


def _foreign_keys_first(operations: OpContainer) -> None:
    for op in operations.ops:
        if isinstance(op, ModifyTableOps):
            op.ops.sort(key=lambda op: not (isinstance(op, DropConstraintOp) and op.constraint_type == "foreignkey"))


def _without_redundant_drops(operations: OpContainer) -> None:
    """Leave out each DROP INDEX before the DROP TABLE that drops it anyway."""
    dropped = {(op.schema, op.table_name) for op in operations.ops if isinstance(op, DropTableOp)}

    def redundant(op: MigrateOperation) -> bool:
        return isinstance(op, DropIndexOp) and (op.schema, op.table_name) in dropped

    for op in operations.ops:
        if isinstance(op, ModifyTableOps):
            op.ops = [inner for inner in op.ops if not redundant(inner)]
    operations.ops = [op for op in operations.ops if not redundant(op) and getattr(op, "ops", True)]
