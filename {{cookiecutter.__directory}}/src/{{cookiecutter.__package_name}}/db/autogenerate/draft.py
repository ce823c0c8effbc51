"""A revision that autogenerate proposes, on its way through the rules."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from alembic.operations.ops import DowngradeOps, MigrateOperation, ModifyTableOps, OpContainer, UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Table, TextClause

from ..impls import impl_of, in_text, single_percents
from .answers import Answers

__all__ = [
    "Draft",
    "Rule",
    "each",
    "full_name",
    "impl_of",
    "in_text",
    "model_tables",
    "schema_of",
    "single_percents",
    "sql_of",
    "update",
]


@dataclass
class Draft:
    """What the revision will do, up and down, and what the rules need to know to change it."""

    context: MigrationContext
    answers: Answers
    upgrade: UpgradeOps
    downgrade: DowngradeOps

    @property
    def dialect(self) -> str:
        """The name of the database's dialect; MariaDB's is mysql."""
        return "mysql" if self.context.dialect.name == "mariadb" else self.context.dialect.name

    def reverse(self) -> None:
        """Let the downgrade undo the upgrade."""
        self.upgrade.reverse_into(self.downgrade)


Rule = Callable[[Draft], None]


def model_tables(context: MigrationContext) -> dict[str, Table]:
    """Return the tables of the models, by their full names."""
    metadata = context.opts["target_metadata"]
    several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
    tables = [table for one in several for table in one.tables.values()]
    return {full_name(table.name, schema_of(table, context.dialect)): table for table in tables}


def schema_of(table: Table, dialect: Any) -> str | None:
    """Return the schema of a table as the inspector and the operations have it: None for the default one."""
    return None if table.schema == dialect.default_schema_name else table.schema


def full_name(table: str, schema: str | None) -> str:
    """Return the name of a table with its schema, if it has one."""
    return f"{schema}.{table}" if schema else table


def each(operations: OpContainer) -> Iterator[MigrateOperation]:
    """Yield the operations, and those on a table one by one."""
    for op in operations.ops:
        yield from op.ops if isinstance(op, ModifyTableOps) else [op]


def sql_of(element: Any, dialect: Any) -> str:
    """Return an element as SQL for a revision, with its values in it."""
    if isinstance(element, TextClause):
        return element.text.replace("\\:", ":")
    options = {"literal_binds": True, "include_table": False}
    return single_percents(str(element.compile(dialect=dialect, compile_kwargs=options)), dialect)


def update(table: str, schema: str | None, column: str, where: str, value: str) -> str:
    """Return the code of an UPDATE that runs on every database: of rows where the column is as said, to a value."""
    its_schema = f", schema={schema!r}" if schema else ""
    return (
        "op.execute(\n"
        f"    sa.update(sa.table({table!r}, sa.column({column!r}){its_schema}))\n"
        f"    .where(sa.column({column!r}){where})\n"
        "    .values({" + f"{column!r}: {value}" + "})\n"
        ")"
    )
