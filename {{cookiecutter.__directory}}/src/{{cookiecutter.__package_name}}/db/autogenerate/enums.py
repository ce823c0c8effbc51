"""Enums: the types of PostgreSQL, made and dropped with their tables; and labels that come, go and are renamed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import ARRAY, DefaultClause
from sqlalchemy.dialects.postgresql import ENUM

from .defaults import plain
from .draft import Draft, each, full_name, impl_of, in_text, single_percents
from .labels import relabelled, renamed_labels

PLUGIN = "enum_types"
_BRACES = "{}"  # of an array


@dataclass(frozen=True)
class Use:
    """A column of an enum type, or of an array of it, as it is in the database: in SQL."""

    table: str
    column: str
    default: str
    array: str  # "[]" or nothing


@dataclass
class EnumOp(MigrateOperation):
    """Makes, changes or drops an enum type: it has no labels before, or none after."""

    type: ENUM
    before: list[str]
    after: list[str]
    uses: list[Use] = field(default_factory=list)
    used_at_once: bool = False  # in the same transaction, PostgreSQL knows no label that was added to a type
    renamed: dict[str, str] = field(default_factory=dict)

    def reverse(self) -> "EnumOp":
        """Return the way back."""
        renamed = {new: old for old, new in self.renamed.items()}
        uses = [replace(use, default=self.renamed_in(use.default)) for use in self.uses]
        return replace(self, before=self.after, after=self.before, uses=uses, renamed=renamed)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return how alembic check calls it."""
        before, after = (_sql(*labels) or "nothing" for labels in (self.before, self.after))
        return ("change_enum", f"{self.type.name}: {before} becomes {after}")

    @property
    def removed(self) -> list[str]:
        """The labels that a type loses which goes on to be used."""
        return [label for label in self.before if self.after and self.renamed.get(label, label) not in self.after]

    def statements(self, dialect: Any) -> Iterator[str]:
        """Yield the SQL."""
        name = _sql_name(self.type, dialect)
        if not self.before:
            yield f"CREATE TYPE {name} AS ENUM ({_sql(*self.after)})"
            return
        if not self.after:
            yield f"DROP TYPE {name}"
            return
        for old, new in self.renamed.items():
            yield f"ALTER TYPE {name} RENAME VALUE {_sql(old)} TO {_sql(new)}"
        there = [self.renamed.get(label, label) for label in self.before]
        added = [label for label in self.after if label not in there]
        if self.used_at_once or there != [label for label in self.after if label not in added]:
            yield from self._anew(dialect) if there != self.after else ()
            return
        for place, label in enumerate(self.after):
            if label in added:
                where = f"AFTER {_sql(self.after[place - 1])}" if place else f"BEFORE {_sql(there[0])}"
                yield f"ALTER TYPE {name} ADD VALUE {_sql(label)} {where}"

    def _anew(self, dialect: Any) -> Iterator[str]:
        """Yield what gives the type its labels in any order, for which PostgreSQL has no ALTER."""
        name = _sql_name(self.type, dialect)
        old = ENUM(name=f"{self.type.name}_before", schema=self.type.schema)
        yield f"ALTER TYPE {name} RENAME TO {_sql_name(old, dialect, use_schema=False)}"
        yield f"CREATE TYPE {name} AS ENUM ({_sql(*self.after)})"
        for use in self.uses:
            alter = f"ALTER TABLE {use.table} ALTER COLUMN {use.column}"
            if use.default:
                yield f"{alter} DROP DEFAULT"
            yield f"{alter} TYPE {name}{use.array} USING {use.column}::text{use.array}::{name}{use.array}"
            if use.default and not any(self._labels(label).search(use.default) for label in self.removed):
                yield f"{alter} SET DEFAULT {self.renamed_in(use.default)}"
        yield f"DROP TYPE {_sql_name(old, dialect)}"

    def renamed_in(self, default: str) -> str:
        """Return a default, in SQL, with the new names of labels."""
        if not self.renamed:
            return default
        return self._labels(*self.renamed).sub(lambda found: _quoted(self.renamed[_unquoted(found[0])]), default)

    @staticmethod
    def _labels(*labels: str) -> re.Pattern[str]:
        """Return what finds labels in a default: one is in quotes, an array has several without."""
        either = "|".join(re.escape(_quoted(label)) for label in labels)
        return re.compile(rf"""(?<=['"{_BRACES},])(?:{either})(?=['"{_BRACES},])""")


@renderers.dispatch_for(EnumOp)
def render_enum(autogen_context: AutogenContext, op: EnumOp) -> list[str]:
    """Return the code."""
    warning = [f"# This fails while a row has {_sql(*op.removed)}: change such rows first."] if op.removed else []
    texts = (in_text(statement) for statement in op.statements(autogen_context.dialect))
    return [*warning, *(f"op.execute({text!r})" for text in texts)]


def enum_of(type_: Any, dialect: Any) -> ENUM | None:
    """Return the PostgreSQL enum type that is, or is in, a type, or None."""
    impl = impl_of(type_, dialect)
    if isinstance(impl, ARRAY):
        return enum_of(impl.item_type, dialect)
    return impl if isinstance(impl, ENUM) else None


def compare_enums(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Put what the enum types need before and after the operations on tables."""
    dialect = autogen_context.dialect
    columns = [column for table in autogen_context.sorted_tables for column in table.columns]
    wanted = _by_name(dialect, (column.type for column in columns))
    gone = _by_name(dialect, (type_ for op in each(upgrade_ops) for type_ in _types_gone(op)))
    if wanted or gone:
        inspector: Any = autogen_context.inspector
        found = {_sql_name(ENUM(**_named(one)), dialect): one["labels"] for one in inspector.get_enums("*")}
        touched = _by_name(dialect, (type_ for op in each(upgrade_ops) for type_ in _types_touched(op)))
        first: list[MigrateOperation] = []
        for name, type_ in wanted.items():
            if name not in found and type_.create_type:
                first.append(EnumOp(type_, [], type_.enums))
            elif found.get(name, type_.enums) != type_.enums:
                uses = [use for schema in schemas for use in _uses(inspector, schema, name)]
                first.append(EnumOp(type_, found[name], type_.enums, uses, name in touched))
        upgrade_ops.ops[:0] = first
        last = [name for name in gone if name in found and name not in wanted]
        upgrade_ops.ops += [EnumOp(gone[name], found[name], []) for name in last]
    return PriorityDispatchResult.CONTINUE


Plugin(PLUGIN).add_autogenerate_comparator(
    compare_enums, "schema", PLUGIN, qualifier="postgresql", priority=DispatchPriority.LAST
)


def ask(draft: Draft) -> None:
    """Keep the rows of a label that goes where one comes and somebody says that it is the same."""
    for op in draft.upgrade.ops:
        if isinstance(op, EnumOp) and op.before and op.after:
            op.renamed = renamed_labels(draft, full_name(str(op.type.name), op.type.schema), op.before, op.after)
            _without_same_defaults(draft, op)
        elif isinstance(op, ModifyTableOps) and draft.dialect == "mysql":
            op.ops = [step for inner in op.ops for step in relabelled(draft, inner)]


def _without_same_defaults(draft: Draft, enum: EnumOp) -> None:
    """Leave out the change of a default from a label to its new name, which PostgreSQL's own defaults follow."""
    name, dialect = _sql_name(enum.type, draft.context.dialect), draft.context.dialect
    for table in [op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps) and enum.renamed]:
        for op in [op for op in table.ops if isinstance(op, AlterColumnOp)]:
            before, after = op.existing_server_default, op.modify_server_default
            if (
                name in _by_name(dialect, [op.existing_type])
                and isinstance(before, DefaultClause)
                and isinstance(after, DefaultClause)
                and enum.renamed_in(plain(before, dialect)) == plain(after, dialect)
            ):
                op.modify_server_default = False
                table.ops = [one for one in table.ops if one is not op or op.has_changes()]


def _types_gone(op: MigrateOperation) -> list[Any]:
    """Return the types of the columns that an operation drops or gives another type."""
    if isinstance(op, DropTableOp):
        return [column.type for column in op.to_table().columns]
    if isinstance(op, DropColumnOp):
        return [op.to_column().type]
    return [op.existing_type] if isinstance(op, AlterColumnOp) and op.modify_type is not None else []


def _types_touched(op: MigrateOperation) -> list[Any]:
    """Return the types of columns that an operation may give a value to."""
    return [op.column.type] if isinstance(op, AddColumnOp) else [getattr(op, "existing_type", None)]


def _by_name(dialect: Any, types: Iterable[Any]) -> dict[str, ENUM]:
    found = (enum_of(type_, dialect) for type_ in types if type_ is not None)
    return {_sql_name(type_, dialect): type_ for type_ in found if type_ is not None}


def _uses(inspector: Any, schema: str | None, name: str) -> Iterator[Use]:
    """Yield the columns in the database that are of a type."""
    quote = inspector.dialect.identifier_preparer
    for (_, table), columns in inspector.get_multi_columns(schema=schema).items():
        for column in columns:
            if name in _by_name(inspector.dialect, [column["type"]]):
                array = "[]" * isinstance(column["type"], ARRAY)
                where = quote.quote_schema(schema) + "." if schema else ""
                yield Use(where + quote.quote(table), quote.quote(column["name"]), column["default"] or "", array)


def _named(one: Any) -> dict[str, Any]:
    return {"name": one["name"], "schema": None if one["visible"] else one["schema"]}


def _sql_name(type_: ENUM, dialect: Any, use_schema: bool = True) -> str:
    return single_percents(str(dialect.identifier_preparer.format_type(type_, use_schema=use_schema)), dialect)


def _sql(*labels: str) -> str:
    return ", ".join(f"'{_quoted(label)}'" for label in labels)


def _quoted(label: str) -> str:
    return label.replace("'", "''")


def _unquoted(label: str) -> str:
    return label.replace("''", "'")
