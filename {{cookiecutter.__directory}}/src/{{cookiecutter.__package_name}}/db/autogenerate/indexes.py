"""What Alembic does not compare of an index: on SQLite its expressions, and everywhere its predicate (WHERE)."""

import re
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations.ops import CreateIndexOp, DropTableOp, MigrateOperation, ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, Index, Table, text
from sqlalchemy.schema import CreateIndex

from .draft import Draft, each, in_text, model_tables, schema_of, sql_of
from .renamed import Renamed
from .stored import Question, differing

PLUGIN = "indexes"


class IndexOp(MigrateOperation):
    """Makes an index by its SQL, or drops it."""

    def __init__(
        self, name: str, sql: str, drop: bool = False, if_not_exists: bool = False, schema: str | None = None
    ) -> None:
        self.name, self.sql, self.drop, self.if_not_exists, self.schema = name, sql, drop, if_not_exists, schema

    def reverse(self) -> "IndexOp":
        """Return the way back."""
        return IndexOp(self.name, self.sql, not self.drop, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return how alembic check calls it."""
        return ("remove_index" if self.drop else "add_index", self.sql)


@renderers.dispatch_for(IndexOp)
def render_index(autogen_context: AutogenContext, op: IndexOp) -> str:
    """Return the code."""
    quote: Any = autogen_context.dialect.identifier_preparer
    create = op.sql.replace(" INDEX ", " INDEX IF NOT EXISTS ", 1) if op.if_not_exists else op.sql
    schema = f"{quote.quote_schema(op.schema)}." if op.schema else ""
    return f"op.execute({f'DROP INDEX {schema}{quote.quote(op.name)}' if op.drop else in_text(create)!r})"


def compare_on_sqlite(autogen_context: AutogenContext, upgrade_ops: Any, schemas: Any) -> PriorityDispatchResult:
    """Add the indexes that are missing, too many or different: drops first, as a table that is rebuilt loses them."""
    connection: Any = autogen_context.connection
    found = connection.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''"))
    there = {name: _told(autogen_context.inspector, table, sql) for name, table, sql in found}
    tables = {table.name: table for table in autogen_context.sorted_tables}
    wanted = {str(index.name): index for table in tables.values() for index in table.indexes}
    ours = {*tables, *(op.table_name for op in upgrade_ops.ops if isinstance(op, DropTableOp))}
    for name, (table, sql) in there.items():
        index = wanted.get(name)
        gone = index is None and table in ours and _EXPRESSION.search(sql)
        if gone or (
            index is not None
            and (_has_expression(index) or _where(index, "sqlite") is not None)
            and not _same(sql, _sql(autogen_context, index))
        ):
            upgrade_ops.ops.insert(0, IndexOp(name, sql, drop=True))
    dropped = {op.name for op in upgrade_ops.ops if isinstance(op, IndexOp)}
    for name, index in wanted.items():
        if name in dropped or (name not in there and _has_expression(index)):
            upgrade_ops.ops.append(IndexOp(name, _sql(autogen_context, index)))
    return PriorityDispatchResult.CONTINUE


def compare_on_postgresql(autogen_context: AutogenContext, upgrade_ops: Any, schemas: Any) -> PriorityDispatchResult:
    """Make anew the indexes that have another predicate."""
    inspector: Any = autogen_context.inspector
    tables = [
        table for table in autogen_context.sorted_tables if any(_where(index) is not None for index in table.indexes)
    ]
    schemas = {schema_of(table, autogen_context.dialect) for table in tables}
    found = {key: there for schema in schemas for key, there in inspector.get_multi_indexes(schema=schema).items()}
    made = {op.index_name for op in each(upgrade_ops) if isinstance(op, CreateIndexOp)}
    asked: list[tuple[Index, Question]] = []
    for table in tables:
        key = schema_of(table, autogen_context.dialect), table.name
        there = {one["name"]: one["dialect_options"] for one in found.get(key, ())}
        for index in table.indexes:
            old = there.get(index.name, {}).get("postgresql_where")
            if old and _where(index) is not None and index.name not in made:
                asked.append((index, _question(autogen_context, index, table, old)))
    different = differing(autogen_context, [question for _, question in asked])
    for index, question in asked:
        if question in different:
            name, sql = str(index.name), _sql(autogen_context, index)
            create, where, _ = sql.partition(" WHERE ")
            schema, before = question.table.schema, f"{create}{where}{question.old}"
            upgrade_ops.ops += [IndexOp(name, before, drop=True, schema=schema), IndexOp(name, sql, schema=schema)]
    return PriorityDispatchResult.CONTINUE


def _question(autogen_context: AutogenContext, index: Index, table: Table, old: str) -> Question:
    """Return the question whether an index has the predicate of the models."""
    _, _, new = _sql(autogen_context, index).partition(" WHERE ")
    query = "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indrelid = to_regclass($1)"
    return Question(table, old, new, lambda copy: f"CREATE INDEX ON {copy} ((1)) WHERE {new}", query)


_PLUGIN = Plugin(PLUGIN)
for dialect, compare in {"sqlite": compare_on_sqlite, "postgresql": compare_on_postgresql}.items():
    _PLUGIN.add_autogenerate_comparator(compare, "schema", PLUGIN, qualifier=dialect, priority=DispatchPriority.LAST)


def keep(draft: Draft) -> None:
    """Make anew the indexes with expressions that SQLite loses where it rebuilds their table."""
    if draft.dialect == "sqlite":
        made = {op.name for op in draft.upgrade.ops if isinstance(op, IndexOp)}
        for operations in (draft.upgrade, draft.downgrade):
            operations.ops = [kept for op in operations.ops for kept in (op, *_lost(draft, op, made))]


def _lost(draft: Draft, op: MigrateOperation, made: set[str]) -> list[IndexOp]:
    table = model_tables(draft.context).get(op.table_name) if isinstance(op, ModifyTableOps) else None
    indexes = [index for index in table.indexes if _has_expression(index)] if table is not None else []
    there = [(str(index.name), sql_of(CreateIndex(index), draft.context.dialect)) for index in indexes]
    return [IndexOp(name, sql, if_not_exists=True) for name, sql in there if name not in made]


def _told(inspector: Any, table: str, sql: str) -> tuple[str, str]:
    """Return an index's table and its SQL in the names that renames will have given them."""
    if not isinstance(inspector, Renamed):
        return table, sql
    key = inspector.renamed(None, table)
    return key[1], inspector.in_sql({**inspector.columns.get(key, {}), table: key[1]}, sql)


_EXPRESSION = re.compile(r"\([^)]*\(")


def _has_expression(index: Index) -> bool:
    return not all(isinstance(expression, Column) for expression in index.expressions)


def _where(index: Index, dialect: str = "postgresql") -> Any:
    return index.dialect_options[dialect]["where"]


def _sql(autogen_context: AutogenContext, index: Index) -> str:
    return sql_of(CreateIndex(index), autogen_context.dialect)


def _same(one: str, other: str) -> bool:
    """Tell whether two pieces of SQL differ in spaces and quotes only."""
    plain = [re.sub(r'[\s"`]', "", sql) for sql in (one, other)]
    return plain[0] == plain[1]
