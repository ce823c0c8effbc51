"""What autogenerate compares, and what a new revision may contain."""

import re
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DropIndexOp, DropTableOp, MigrateOperation, ModifyTableOps, OpContainer
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import JSON, Column, MetaData, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.util import generic_repr

# Different spellings of one moment, in MariaDB and MySQL.
_NOW = re.compile(r"\b(?:now|current_timestamp|localtime|localtimestamp)\b(?:\(\))?")


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


def compare_server_default(
    context: MigrationContext,
    inspected_column: Column[Any],
    model_column: Column[Any],
    inspected: str | None,
    model_default: Any,
    rendered: str | None,
) -> bool | None:
    """Return whether a column's default has changed, or None to leave the question to Alembic."""
    if inspected is None or rendered is None:
        return None
    if context.dialect.name in ("mysql", "mariadb"):  # now() comes back as current_timestamp()
        now_is, now_was = (_NOW.sub("now", default.lower().strip("()")) for default in (rendered, inspected))
        return False if now_is == now_was else None
    if context.dialect.name == "postgresql" and isinstance(model_column.type, JSON):  # json has no "=" to ask
        return inspected.split("::")[0].strip("'") != rendered.split("::")[0].strip("'")
    return None


def render_item(type_: str, obj: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Return the code for a type that is not SQLAlchemy's own, with the import that it needs; False for the rest."""
    module = type(obj).__module__
    if isinstance(obj, postgresql.JSON):  # Alembic writes JSONB(astext_type=Text()) unless connected to PostgreSQL
        autogen_context.imports.add("from sqlalchemy import Text")
    if type_ != "type" or module.startswith("sqlalchemy."):
        return False
    autogen_context.imports.add(f"import {module}")
    own_arguments = isinstance(obj, TypeDecorator) and type(obj).__init__ is not TypeDecorator.__init__
    return f"{module}.{generic_repr(obj) if own_arguments else repr(obj)}"


def tidy(context: MigrationContext, revision: Any, directives: list[Any]) -> None:
    """Leave out each DROP INDEX before the DROP TABLE that drops it anyway: MariaDB refuses it for a foreign key's."""
    for script in directives:
        for operations in (*script.upgrade_ops_list, *script.downgrade_ops_list):
            _without_redundant_drops(operations)


def _without_redundant_drops(operations: OpContainer) -> None:
    dropped = {(op.schema, op.table_name) for op in operations.ops if isinstance(op, DropTableOp)}

    def redundant(op: MigrateOperation) -> bool:
        return isinstance(op, DropIndexOp) and (op.schema, op.table_name) in dropped

    for op in operations.ops:
        if isinstance(op, ModifyTableOps):
            op.ops = [inner for inner in op.ops if not redundant(inner)]
    operations.ops = [op for op in operations.ops if not redundant(op) and getattr(op, "ops", True)]
