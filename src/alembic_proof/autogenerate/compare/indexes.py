"""What Alembic does not compare of an index: its predicate (WHERE) and options, and on SQLite its expressions.

And of the UNIQUEs of PostgreSQL, which are indexes: the columns that they include, and when they are checked.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple, cast

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddConstraintOp,
    CreateIndexOp,
    CreateTableOp,
    CreateUniqueConstraintOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, Dialect, Index, Table, UniqueConstraint, text

from ...dialects.sqlite_tables import tokens_of
from ...sqltext import all_tokens, between_parentheses, same_sql, tokens
from ..draft import each_operation
from ..expressions import Expression
from ..indexes import create_index_sql, has_expression, included, predicate, use_column_names
from ..operations import IndexSqlOp
from ..renamed_inspector import RenamedInspector
from ..sql import column_names, sql_of, stored_name
from ..sqlite_catalogue import tables_and_indexes
from . import add_table_comparison
from .postgresql_details import deferring, details
from .stored_expressions import compare_expressions

Usual = tuple[str, str]  # the operator class and the collation that an element of an index has, said or not


def setup(plugin: Plugin) -> None:
    """Register the comparisons; MariaDB has neither predicates nor expressions: see mysql_indexes.py."""
    add_table_comparison(plugin, read_deferrable, ("postgresql",), removed=True)
    add_table_comparison(plugin, compare_on_postgresql, ("postgresql",))
    add_table_comparison(plugin, forget_cut_names, ("postgresql",))
    add_table_comparison(plugin, compare_uniques, ("postgresql",))
    for dialect in ("postgresql", "mysql", "mariadb"):
        plugin.add_autogenerate_comparator(
            use_names, "schema", plugin.name, qualifier=dialect, priority=DispatchPriority.LAST
        )
    plugin.add_autogenerate_comparator(
        compare_on_sqlite, "schema", plugin.name, qualifier="sqlite", priority=DispatchPriority.LAST
    )


def compare_on_sqlite(autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any) -> PriorityDispatchResult:
    """Add what creates and drops indexes; drops come first, as a table that is rebuilt loses its indexes.

    What SQLAlchemy reads of an index that covers more than plain columns is not all of it, or nothing: the texts of
    such indexes are compared, and what Alembic says of them is taken back.
    """
    dialect = autogen_context.dialect
    existing = _indexes_of_sqlite(autogen_context)
    tables = {table.name: table for table in autogen_context.sorted_tables}
    wanted = {str(index.name): index for table in tables.values() for index in table.indexes if _is_ours(index)}
    plain = {str(index.name) for table in tables.values() for index in table.indexes} - wanted.keys()
    removed_tables = {op.table_name for op in upgrade_ops.ops if isinstance(op, DropTableOp)}
    ours = {*wanted, *(name for name, (_, sql) in existing.items() if _is_more_than_columns(sql))}
    _take_back(upgrade_ops, ours)
    dropped = set()
    for name, (table, sql) in existing.items():
        if name not in ours or table not in {*tables, *removed_tables}:
            continue
        index = wanted.get(name)
        if index is None or not same_sql(sql, create_index_sql(index, dialect), "sqlite"):
            upgrade_ops.ops.insert(0, IndexSqlOp(name, sql, drop=True))
            dropped.add(name)
    for name, index in wanted.items():
        if name in dropped or name not in existing:
            upgrade_ops.ops.append(IndexSqlOp(name, create_index_sql(index, dialect)))
    for model in tables.values():
        for index in model.indexes:
            if index.name in dropped & plain:  # of which nothing more than columns is left
                upgrade_ops.ops.append(ModifyTableOps(model.name, [CreateIndexOp.from_index(index)]))
    return PriorityDispatchResult.CONTINUE


def _is_ours(index: Index) -> bool:
    return has_expression(index) or predicate(index, "sqlite") is not None


def _is_more_than_columns(sql: str) -> bool:
    """Tell whether an index, by its SQL, covers an expression, has an order or a collation, or a predicate."""
    elements = between_parentheses(sql)
    return any(len(tokens(element, "sqlite")) > 1 for element in elements) or len(tokens(sql, "sqlite")) > (
        tokens(sql, "sqlite").index("(") + 2 * len(elements) + 1
    )


def _take_back(upgrade_ops: UpgradeOps, names: set[str]) -> None:
    """Remove what Alembic says of indexes."""
    for op in upgrade_ops.ops:
        if isinstance(op, ModifyTableOps):
            op.ops[:] = [inner for inner in op.ops if index_name(inner) not in names]
    upgrade_ops.ops[:] = [
        op for op in upgrade_ops.ops if index_name(op) not in names and getattr(op, "ops", True) != []
    ]


def _indexes_of_sqlite(autogen_context: AutogenContext) -> dict[str, tuple[str, str]]:
    """Return the table and the SQL of each index in the database, in the names that renames will give them."""
    rows = tables_and_indexes(autogen_context)
    indexes = {name: (table, sql) for kind, name, table, sql in rows if kind == "index"}
    inspector: Any = autogen_context.inspector
    if not isinstance(inspector, RenamedInspector):
        return indexes
    new_names, renamed = inspector.new_names, {}
    for name, (table, sql) in indexes.items():
        if (None, table) in new_names.hidden:
            continue
        key = new_names.table(None, table)
        before, on, after = _at_table(sql)
        quoted = new_names.in_sql({table: key[1]}, on)
        renamed[name] = (key[1], before + quoted + new_names.in_sql(new_names.columns.get(key, {}), after))
    return renamed


def _at_table(sql: str) -> tuple[str, str, str]:
    """Return the SQL of an index in three parts: the one in the middle is the name of its table."""
    tokens = list(tokens_of(sql))
    at = next(at for at, token in enumerate(tokens) if token.keyword == "ON") + 1
    return sql[: tokens[at].start], tokens[at].text, sql[tokens[at].end :]


def use_names(autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any) -> PriorityDispatchResult:
    """Let new indexes and UNIQUEs have columns by their names, not by the keys that the models give them."""
    default = autogen_context.dialect.default_schema_name
    tables = {(table.schema or default, table.name): table for table in autogen_context.sorted_tables}
    for op in each_operation(upgrade_ops):
        items: list[Any] = [op] if isinstance(op, (CreateIndexOp, CreateUniqueConstraintOp)) else []
        if isinstance(op, CreateTableOp):
            items = [item for item in op.columns if isinstance(item, UniqueConstraint)]
        for item in items:
            operation: Any = op
            table = tables[operation.schema or default, operation.table_name]
            use_column_names(item, table, autogen_context.dialect)
    return PriorityDispatchResult.CONTINUE


def compare_on_postgresql(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Compare the indexes that have expressions or a predicate, and the options: Alembic does not see the latter two.

    Of the first it compares the letters, without parentheses and casts; what it says of them is taken back.
    """
    usual = _with_details(autogen_context, reflected)
    existing = {str(index.name): index for index in reflected.indexes}
    for index in model.indexes:
        old = existing.get(str(stored_name(index, autogen_context.dialect)))
        if old is None or not autogen_context.run_object_filters(index, index.name, "index", False, old):
            continue
        by_alembic = [op for op in operations.ops if index_name(op) in (index.name, old.name)]
        if _structure(old) != _structure(index):
            if not by_alembic:
                replace_index(old, index, operations)
        elif _is_compared(index) or _is_compared(old):
            operations.ops[:] = [op for op in operations.ops if op not in by_alembic]
            _compare_expressions(autogen_context, operations, old, index, usual.get(str(old.name)))
        elif old.name != index.name and _columns(old) == _columns(index):  # Alembic counts no bytes of a long name
            operations.ops[:] = [op for op in operations.ops if op not in by_alembic]


def forget_cut_names(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Forget the UNIQUEs that only have a name of which PostgreSQL has cut off more: Alembic counts no bytes."""
    drops = {op.constraint_name: op for op in operations.ops if isinstance(op, DropConstraintOp)}
    existing = {str(each.name): each for each in reflected.constraints if isinstance(each, UniqueConstraint)}
    for op in [op for op in operations.ops if isinstance(op, CreateUniqueConstraintOp)]:
        new = op.to_constraint()
        old = existing.get(str(stored_name(new, autogen_context.dialect)))
        if old is not None and old.name in drops and old.name != new.name and _unique(old) == _unique(new):
            operations.ops[:] = [each for each in operations.ops if each not in (op, drops[old.name])]


def read_deferrable(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table | None
) -> None:
    """Let the UNIQUEs of a reflected table say when they are checked, which SQLAlchemy does not read.

    So do those that Alembic drops already, for the way back.
    """
    found = {detail.name: detail for detail in details(autogen_context, reflected, "u")}
    for each in reflected.constraints:
        if isinstance(each, UniqueConstraint) and each.name in found:
            each.deferrable, each.initially = map(found[str(each.name)].deferring.get, ("deferrable", "initially"))
            operations.ops[:] = [
                DropConstraintOp.from_constraint(each)
                if isinstance(op, DropConstraintOp) and op.constraint_name == each.name
                else op
                for op in operations.ops
            ]


def compare_uniques(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Replace the UNIQUEs that include other columns, or are checked at another time: Alembic compares neither."""
    changed = {getattr(op, "constraint_name", None) for op in operations.ops}
    existing = {str(each.name): each for each in reflected.constraints if isinstance(each, UniqueConstraint)}
    for new in [each for each in model.constraints if isinstance(each, UniqueConstraint)]:
        old = existing.get(str(stored_name(new, autogen_context.dialect))) or next(
            (each for each in existing.values() if new.name is None and column_names(each) == column_names(new)), None
        )
        if old is None or old.name in changed or _options(old) == _options(new):
            continue
        if autogen_context.run_object_filters(new, new.name, "unique_constraint", False, old):
            operations.ops += [DropConstraintOp.from_constraint(old), AddConstraintOp.from_constraint(new)]


def _included(constraint: UniqueConstraint) -> list[str]:
    """Return the columns that a UNIQUE includes; up to SQLAlchemy 2.0 it has no option for that."""
    table: Any = constraint.table
    return included(table, constraint.dialect_options["postgresql"].get("include"))


def _options(constraint: UniqueConstraint) -> tuple[Any, ...]:
    """Return what Alembic does not compare of a UNIQUE."""
    return _included(constraint), deferring(constraint)


def _unique(constraint: UniqueConstraint) -> tuple[Any, ...]:
    """Return what a UNIQUE is, apart from its name."""
    distinct = bool(constraint.dialect_options["postgresql"].get("nulls_not_distinct"))
    return column_names(constraint), distinct, _options(constraint)


def _columns(index: Index) -> list[str]:
    return [column.name for column in index.columns]


def _is_compared(index: Index) -> bool:
    """Tell whether Alembic does not see all of an index."""
    options = index.dialect_options["postgresql"]
    return has_expression(index) or options["where"] is not None or bool(options["ops"])


def index_name(op: MigrateOperation) -> Any:
    """Return the name of the index that an operation creates or drops, or None."""
    return op.index_name if isinstance(op, (CreateIndexOp, DropIndexOp)) else None


def _structure(index: Index) -> tuple[Any, ...]:
    """Return what an index is, apart from its expressions and its predicate."""
    options = index.dialect_options["postgresql"]
    table: Any = index.table
    include = included(table, options["include"])
    parameters = {name: str(value).lower() for name, value in (options["with"] or {}).items()}
    using = str(options["using"] or "btree").lower()
    return (
        bool(index.unique),
        len(index.expressions),
        include,
        bool(options.get("nulls_not_distinct")),
        using,
        parameters,
    )


def _compare_expressions(
    autogen_context: AutogenContext, operations: ModifyTableOps, old: Index, new: Index, usual: list[Usual] | None
) -> None:
    """Let an index be replaced if one of its expressions, or its predicate, is another one.

    ``usual`` is what its elements are without a word, or what is said of them.
    """
    dialect, table = autogen_context.dialect, cast(Table, old.table)
    pairs = [
        [element_of(text) for text in between_parentheses(create_index_sql(index, dialect))] for index in (old, new)
    ]
    usual = usual or [("", "")] * len(pairs[0])
    predicates = [_predicate_sql(index, dialect) for index in (old, new)]
    replace = partial(replace_index, old, new)
    if (None in predicates and any(predicates)) or any(
        not before.is_ordered_as(after, *each) for before, after, each in zip(*pairs, usual, strict=True)
    ):
        replace(operations)
        return
    texts = [(before.expression, after.expression) for before, after in zip(*pairs, strict=True)]
    texts += [(before, after) for before, after in [predicates] if before and after]
    expressions = [
        Expression(table, str(new.name), "index", before, after) for before, after in texts if before != after
    ]
    if expressions:
        compare_expressions(
            autogen_context,
            table,
            expressions,
            lambda differing: None if differing.isdisjoint(expressions) else replace,
        )


def replace_index(old: Index, new: Index, operations: ModifyTableOps) -> None:
    """Drop an index, and create the other."""
    operations.ops += [DropIndexOp.from_index(old), CreateIndexOp.from_index(new)]


class Element(NamedTuple):
    """What an index covers: an expression; and its order, operator class and collation."""

    expression: str
    order: tuple[bool, bool, str]  # whether it is descending, whether NULL comes first, and the operator class
    collation: str

    def is_ordered_as(self, model: Element, operator_class: str, collation: str) -> bool:
        """Tell whether an element in the database is as in the models, but for its expression.

        The database tells neither an operator class nor a collation that is usual; a model may name it.
        """
        names = ((self.order[2], model.order[2], operator_class), (self.collation, model.collation, collation))
        return self.order[:2] == model.order[:2] and all(
            _last(wanted) in ((_last(told),) if told else ("", has)) for told, wanted, has in names
        )


def _last(name: str) -> str:
    """Return a name without its schema, which one has that is found in no other way."""
    return name.rpartition(".")[2].strip('"')


_ORDER = re.compile(r"(?:\s+(ASC|DESC))?(?:\s+NULLS\s+(FIRST|LAST))?\s*$", re.IGNORECASE)
_OPERATOR_CLASS = re.compile(r"\s+([\w.]+_ops(?:\s*\([^()]*\))?)$")
_COLLATION = re.compile(r'(.*?)\s+COLLATE\s+((?:\w+|"[^"]+")(?:\.(?:\w+|"[^"]+"))?)', re.IGNORECASE | re.DOTALL)


def element_of(text: str) -> Element:
    """Return an element of an index by its SQL."""
    order: Any = _ORDER.search(text)
    expression = text[: order.start()]
    is_descending = str(order[1]).upper() == "DESC"
    nulls_first = is_descending if order[2] is None else order[2].upper() == "FIRST"
    operator_class = _OPERATOR_CLASS.search(expression)
    if operator_class:
        expression = expression[: operator_class.start()]
    name = re.sub(r"[\s']", "", operator_class[1]) if operator_class else ""  # of its parameters, too
    is_grouped = expression.startswith("(") and _is_one(expression)
    collated = _COLLATION.fullmatch(expression[1:-1].strip() if is_grouped else expression)
    collated = collated if collated and _is_one(collated[1]) else None
    expression, collation = (collated[1], collated[2]) if collated else (expression, "")
    return Element(expression, (is_descending, nulls_first, name), collation)


def _is_one(expression: str) -> bool:
    """Tell whether an expression is a name, a call, or in parentheses: a COLLATE after it is about all of it."""
    found = all_tokens(expression)
    depths = list(accumulate((token == "(") - (token == ")") for token in found))
    opening = found.index("(") if "(" in found else len(found)
    return depths[opening:-1].count(0) == 0 and len([token for token in found[:opening] if token != "."]) <= 2


def _predicate_sql(index: Index, dialect: Dialect) -> str | None:
    where = predicate(index, "postgresql")
    return where if where is None or isinstance(where, str) else sql_of(where, dialect)


def _with_details(autogen_context: AutogenContext, table: Table) -> dict[str, list[Usual]]:
    """Give the indexes of a reflected table what SQLAlchemy does not read: collations, operator classes and order.

    Returns which operator class and which collation the elements of each one have, also the usual ones, by its name.
    """
    found = {each.name: each for each in details(autogen_context, table, "i")}
    for index in [*table.indexes]:
        detail = found.get(str(index.name))
        if detail is not None and detail.definition is not None:
            complete = _with_definition(autogen_context, index, detail.definition)
            table.indexes.discard(index)
            table.indexes.add(complete)
    return {name: list(zip(each.classes or (), each.collations or (), strict=True)) for name, each in found.items()}


def _with_definition(autogen_context: AutogenContext, index: Index, sql: str) -> Index:
    """Return a reflected index with all that the database says of its elements."""
    inspector: Any = autogen_context.inspector
    table: Any = index.table
    elements = between_parentheses(sql)
    if isinstance(inspector, RenamedInspector):
        new_names = inspector.new_names
        columns = new_names.columns.get((table.schema, table.name), {})
        elements = [new_names.in_sql(columns, element) for element in elements]
    parts = list(map(element_of, elements))
    quote: Any = autogen_context.dialect.identifier_preparer.quote
    plain = [(quote(each.name), "") if isinstance(each, Column) else None for each in index.expressions]
    if [(part.expression, part.collation) for part in parts] == plain:
        operator_classes = {column.name: part.order[2] for column, part in zip(index.columns, parts, strict=True)}
        index.dialect_kwargs["postgresql_ops"] = {name: each for name, each in operator_classes.items() if each}
        return index
    using = re.search(r" USING (\w+) \(", sql)
    options: dict[str, Any] = {f"postgresql_{name}": value for name, value in index.dialect_kwargs.items()}
    options = {name.replace("postgresql_postgresql_", "postgresql_"): value for name, value in options.items()}
    if using and using[1] != "btree":
        options["postgresql_using"] = using[1]
    options.pop("postgresql_ops", None)  # the elements have them
    return detached(Index(index.name, *map(text, elements), unique=index.unique, _table=table, **options))


def detached(index: Index) -> Index:
    """Return an index that its table does not count among its own."""
    table: Any = index.table
    table.indexes.discard(index)
    return index
