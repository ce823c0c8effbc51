"""How operations, types and server defaults are written into a revision."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import partial
from itertools import groupby
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op, renderers
from alembic.operations.ops import (
    AlterColumnOp,
    CreateCheckConstraintOp,
    CreateIndexOp,
    CreateTableOp,
    CreateUniqueConstraintOp,
    DropConstraintOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
)
from alembic.util import CommandError
from sqlalchemy import (
    ARRAY,
    Column,
    Computed,
    Constraint,
    Dialect,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    TextClause,
    UniqueConstraint,
    column,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import AddConstraint, CreateSequence, DropSequence
from sqlalchemy.schema import Sequence as NumberSequence
from sqlalchemy.sql.elements import False_, True_, conv
from sqlalchemy.sql.functions import now
from sqlalchemy.types import NullType, UserDefinedType

from .. import upstream
from ..ddl.losses import alteration
from ..revisions.markers import DESTROYS
from ..sqltext import escape_colons, single_percents
from . import domain_types, enum_types, numbering
from .conversions import conversion
from .name_steps import shortened
from .operations import (
    CONVENTION,
    AddSerialColumnOp,
    AutocommitOp,
    AutoincrementOp,
    CastColumnOp,
    ChangePrimaryKeyOp,
    ChangeSequenceOp,
    DestructiveOp,
    DomainOp,
    EnsureExistsOp,
    EnumTypeOp,
    FillRowsOp,
    IndexSqlOp,
    MoveLabelsOp,
    NumberingOp,
    RemarkedOp,
    RenameColumnOp,
    RenameInPlaceOp,
    RenameTableBothWaysOp,
    SequenceOp,
    SequenceTypeOp,
    ShortenTextOp,
    TemporaryName,
    UncomputeOp,
    UnnamedChecksOp,
    UpdateOp,
)
from .sql import column_names, sql_of, stored_name, usual_name
from .type_code import TypeCode, UnwritableTypeError


def render_item(type_: str, obj: Any, autogen_context: AutogenContext) -> str | Literal[False] | None:
    """Return the code of a type that is not SQLAlchemy's own, or of a server default; False for what Alembic renders.

    None for the CHECK of a type, which the type itself creates. It has the signature of ``render_item`` of
    ``context.configure()``. Raises CommandError for a type whose arguments cannot be written.
    """
    if type_ == "server_default" and isinstance(obj, Computed):
        return _computed(obj, autogen_context)
    if type_ == "server_default":
        return _server_default(getattr(obj, "arg", None))
    if type_ == "type":
        return _type(obj, autogen_context)
    if type_ == "check" and upstream.is_type_bound(obj):
        return None  # Alembic 1.18 writes it too, with SQLAlchemy 2.1
    return False


def _server_default(value: Any) -> str | Literal[False]:
    if isinstance(value, now):
        return "sa.func.now()"  # Alembic writes it in the words of the database to which it is connected
    if isinstance(value, (True_, False_)):
        return f"sa.{str(value).lower()}()"  # and these, too
    if isinstance(value, TextClause):
        return f"sa.text({escape_colons(value.text)!r})"
    if isinstance(value, str):
        return repr(value)  # Alembic cuts off quotes at its ends
    return False


def _computed(computed: Computed, autogen_context: AutogenContext) -> str:
    """Return the code of what a column is computed from; where PostgreSQL can only store the values, it says so.

    Without it, ``--sql`` would write what PostgreSQL refuses up to 17: offline, SQLAlchemy knows no version.
    """
    sql = autogen_context.migration_context.impl.render_ddl_sql_expr(computed.sqltext)
    persisted, dialect = computed.persisted, autogen_context.dialect
    if persisted is None and dialect.name == "postgresql":
        persisted = True if (getattr(dialect, "server_version_info", None) or (99,)) < (18,) else None
    return f"sa.Computed({sql!r}{'' if persisted is None else f', persisted={persisted}'})"


def _type(type_: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    is_postgresql = autogen_context.dialect.name == "postgresql"
    if isinstance(type_, postgresql.JSON) and not is_postgresql:
        autogen_context.imports.add("from sqlalchemy import Text")  # Alembic writes JSONB(astext_type=Text())
    if is_postgresql and (enum := enum_types.enum_of(type_, autogen_context.dialect)):
        return _enum(type_, enum, autogen_context)
    if is_postgresql and (domain := domain_types.domain_of(type_, autogen_context.dialect)):
        return _domain_type(type_, domain, autogen_context)
    if isinstance(type_, _WrittenType):
        autogen_context.imports.add("from sqlalchemy.dialects import mysql")
        return type_.code
    module = type(type_).__module__
    if module.startswith("sqlalchemy."):
        return False
    code = TypeCode()
    try:
        written = code.of(type_)
    except UnwritableTypeError as error:
        raise CommandError(f"The type {module}.{type(type_).__qualname__} {error}. Nothing was written.") from None
    autogen_context.imports |= code.imports
    return written


def _enum(type_: Any, enum: postgresql.ENUM, autogen_context: AutogenContext) -> str:
    """Return the code of an enum type, or of an array of one; statements of the revision create and drop it."""
    class_ = "sa.Enum"
    if not upstream.enums_have_create_type():
        class_ = "postgresql.ENUM"
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
    schema = f", schema={enum.schema!r}" if enum.schema else ""
    labels = ", ".join(map(repr, enum.enums))
    code = f"{class_}({labels}, name={enum.name!r}{schema}, create_type=False)"
    return f"sa.ARRAY({code})" if isinstance(type_, ARRAY) else code


def _domain_type(type_: Any, domain: Any, autogen_context: AutogenContext) -> str:
    """Return the code of a domain, or of an array of one; statements of the revision create and drop it."""
    uncreated = copy(domain)
    uncreated.create_type = False
    code = autogen_context.migration_context.impl.render_type(uncreated, autogen_context)
    if not code:  # Alembic 1.18 would write a repr() that is no code
        below = TypeCode(autogen_context.imports)
        below.imports.add("from sqlalchemy.dialects import postgresql")
        schema = f", schema={domain.schema!r}" if domain.schema else ""
        code = f"postgresql.DOMAIN({domain.name!r}, {below.nested(domain.data_type)}{schema}, create_type=False)"
    return f"sa.ARRAY({code})" if isinstance(type_, ARRAY) else str(code)


def update(op: UpdateOp, values: dict[str, str], where: str) -> str:
    """Return the code of an UPDATE that runs on every database.

    ``values`` has the code of each new value, by its column; ``where`` is code that follows the first ``sa.column()``.
    """
    values = values | {name: f"sa.column({name!r})" for name in op.kept if name not in values}
    its_schema = f", schema={op.schema!r}" if op.schema else ""
    columns = [f"sa.column({column!r})" for column in values]
    new = ", ".join(f"{column!r}: {value}" for column, value in values.items())
    return (
        "op.execute(\n"
        f"    sa.update(sa.table({op.table!r}, {', '.join(columns)}{its_schema}))\n"
        f"    .where({columns[0]}{where})\n"
        f"    .values({{{new}}})\n"
        ")"
    )


def execute(sql: str) -> str:
    """Return the code that executes SQL in which nothing is a bound parameter."""
    return f"op.execute({escape_colons(sql)!r})"


def _add_check(autogen_context: AutogenContext, op: CreateCheckConstraintOp) -> str:
    in_batch, name = upstream.is_in_batch(autogen_context), op.constraint_name
    prefix = "batch_op." if in_batch else autogen_context.opts["alembic_module_prefix"]
    code = f"{prefix}f({str(name)!r})" if isinstance(name, conv) else repr(name)
    table, schema = ("", "") if in_batch else (f"{op.table_name!r}, ", f", schema={op.schema!r}" if op.schema else "")
    sql = autogen_context.migration_context.impl.render_ddl_sql_expr(op.to_constraint().sqltext)
    options = "".join(f", {name}={value!r}" for name, value in op.kw.items())
    return f"{prefix}create_check_constraint({code}, {table}{sql!r}{schema}{options})"


if not upstream.renders_check_constraints():
    renderers.dispatch_for(CreateCheckConstraintOp, replace=True)(_add_check)


# What SQLAlchemy reads of indexes and UNIQUEs, and what says nothing where it is empty.
_OPTIONS = ("postgresql_include", "postgresql_nulls_not_distinct")


def _without_empty_options(render: Any, autogen_context: AutogenContext, op: Any) -> Any:
    """Return the code of an operation, as Alembic writes it, without the options that say nothing."""
    is_table = isinstance(op, CreateTableOp)
    items = [item.kwargs for item in op.columns if isinstance(item, Constraint)] if is_table else [op.kw]
    for options in items:
        for name in [name for name, value in options.items() if name in _OPTIONS and not value]:
            del options[name]
    return render(autogen_context, op)


class _WrittenType(UserDefinedType[Any]):
    """An ENUM of MariaDB or MySQL by its code."""

    cache_ok = True

    def __init__(self, code: str) -> None:
        self.code = code


def _create_table(render: Any, autogen_context: AutogenContext, op: CreateTableOp) -> Any:
    """Return the code that creates a table: what Alembic renders is a copy, in which an ENUM has no character set."""
    names = ("charset", "collation", "ascii", "unicode", "binary", "national")
    enums = [
        (column, column.type)
        for column in op.columns
        if isinstance(column, Column)
        and isinstance(column.type, mysql.ENUM)
        and any(getattr(column.type, name, None) for name in names)
    ]
    try:
        for column, type_ in enums:
            column.type = _WrittenType(f"mysql.{type_!r}")
        return render(autogen_context, op)
    finally:
        for column, type_ in enums:
            column.type = type_


renderers.dispatch_for(CreateTableOp, replace=True)(partial(_create_table, renderers.dispatch(CreateTableOp)))


for _kind in (CreateTableOp, CreateUniqueConstraintOp, CreateIndexOp, DropIndexOp):
    renderers.dispatch_for(_kind, replace=True)(partial(_without_empty_options, renderers.dispatch(_kind)))


def _add_unique(render: Any, autogen_context: AutogenContext, op: CreateUniqueConstraintOp) -> Any:
    """Return the code that adds a UNIQUE; SQL, where it includes columns, of which Alembic's operation has none."""
    included = op.kw.get("postgresql_include")
    if not included:
        return render(autogen_context, op)
    columns = [Column(name, NullType()) for name in dict.fromkeys([*op.columns, *included])]
    constraint = UniqueConstraint(*op.columns, name=op.constraint_name, **op.kw)
    Table(op.table_name, MetaData(), *columns, constraint, schema=op.schema)
    return execute(sql_of(AddConstraint(constraint), autogen_context.dialect))


renderers.dispatch_for(CreateUniqueConstraintOp, replace=True)(
    partial(_add_unique, renderers.dispatch(CreateUniqueConstraintOp))
)

_render_modify_table = renderers.dispatch(ModifyTableOps)


@renderers.dispatch_for(ModifyTableOps, replace=True)
def _modify_table(autogen_context: AutogenContext, op: ModifyTableOps) -> list[str]:
    """Return the code of batches, and of what stands between them: an UPDATE cannot be in one."""
    lines: list[str] = []
    for are_on_rows, run in groupby(op.ops, key=_is_on_rows):
        ops = list(run)
        if are_on_rows:
            lines += [line for each in ops for line in render_op(autogen_context, each)]
        else:
            lines += _batch(autogen_context, ModifyTableOps(op.table_name, ops, schema=op.schema))
    return lines


def _is_on_rows(op: MigrateOperation) -> bool:
    return isinstance(op.op if isinstance(op, DestructiveOp) else op, MoveLabelsOp)


def _batch(autogen_context: AutogenContext, op: ModifyTableOps) -> list[str]:
    """Return the code of a batch; where it drops what has no name, with the convention that gives one to it."""
    lines: list[str] = _render_modify_table(autogen_context, op)
    names = [each.constraint_name for each in op.ops if isinstance(each, DropConstraintOp)]
    names += [each.old_name for each in op.ops if isinstance(each, ChangePrimaryKeyOp)]
    kinds = sorted({name[:2] for name in names if isinstance(name, TemporaryName)})
    convention = {kind: CONVENTION[kind] for kind in kinds}
    end = ") as batch_op:"
    return [
        f"{line.removesuffix(end)}, naming_convention={convention}{end}" if convention and line.endswith(end) else line
        for line in lines
    ]


@renderers.dispatch_for(RenameTableBothWaysOp)
def _rename_table(autogen_context: AutogenContext, op: RenameTableBothWaysOp) -> str:
    schema = f", schema={op.schema!r}" if op.schema else ""
    return f"op.rename_table({op.table_name!r}, {op.new_table_name!r}{schema})"


@renderers.dispatch_for(RenameColumnOp)
def _rename_column(autogen_context: AutogenContext, op: RenameColumnOp) -> str:
    dialect = autogen_context.dialect
    if dialect.name not in ("mysql", "mariadb") or not isinstance(op.existing_server_default, Computed):
        return str(renderers.dispatch(AlterColumnOp)(autogen_context, op))
    # Alembic would say the whole definition, without what the column is computed from.
    preparer: Any = dialect.identifier_preparer
    schema = f"{preparer.quote_schema(op.schema)}." if op.schema else ""
    table, old, new = map(preparer.quote, (op.table_name, op.column_name, str(op.modify_name)))
    return execute(single_percents(f"ALTER TABLE {schema}{table} RENAME COLUMN {old} TO {new}", dialect))


@renderers.dispatch_for(CastColumnOp)
def _cast_column(autogen_context: AutogenContext, op: CastColumnOp) -> list[str]:
    code = str(renderers.dispatch(AlterColumnOp)(autogen_context, op))
    dialect = autogen_context.dialect
    using = conversion(op.column_name, op.existing_type, op.modify_type, dialect, op.moved_labels)
    if using is None:
        return [code]
    altered = alteration(column(op.column_name), op.existing_type, op.modify_type, dialect)
    remark = "# Not all of a text is kept: leading zeros, or a time zone, are gone."
    return [*([remark] if altered else []), _with_argument(code, f"postgresql_using={using!r}")]


def _with_argument(call: str, argument: str) -> str:
    """Return the code of a call, as Alembic writes it, with one argument more. Alembic has no operation with it."""
    return f"{call.removesuffix(')')},\n           {argument})"


@renderers.dispatch_for(DestructiveOp)
def _destructive(autogen_context: AutogenContext, op: DestructiveOp) -> list[str]:
    *before, code = render_op(autogen_context, op.op)
    # The tests of migrations and the doctor look for it. The last of several lines does not say what it is about.
    name = f": {op.name}" if op.name and "\n" in code else ""
    return [*before, f"{code}  {DESTROYS}{name}"]


@renderers.dispatch_for(RemarkedOp)
def _remarked(autogen_context: AutogenContext, op: RemarkedOp) -> list[str]:
    return [f"# {op.remark}", *render_op(autogen_context, op.op)]


@renderers.dispatch_for(EnumTypeOp)
def _enum_type(autogen_context: AutogenContext, op: EnumTypeOp) -> list[str]:
    lines = [*map(execute, enum_types.statements(op, autogen_context.dialect))]
    if op.replaced:
        lines = [f"{line}  {DESTROYS}" if " USING " in line else line for line in lines]
    return [*_labels_left(op.left_labels), *lines]


@renderers.dispatch_for(DomainOp)
def _domain(autogen_context: AutogenContext, op: DomainOp) -> list[str]:
    return [*map(execute, op.statements())]


def _labels_left(labels: list[str]) -> list[str]:
    """Return the comment about removed labels about whose rows nothing is done."""
    return [f"# This fails while a row has {enum_types.sql_labels(labels)}: change such rows first."] if labels else []


@renderers.dispatch_for(MoveLabelsOp)
def _move_labels(autogen_context: AutogenContext, op: MoveLabelsOp) -> list[str]:
    moves, column = {**op.renamed, **op.replaced}, f"sa.column({op.column!r})"
    code = {old: "sa.null()" if new is None else f"sa.literal({new!r})" for old, new in moves.items()}
    lines = _labels_left(op.removed)
    if len(moves) == 1:
        ((old, new),) = code.items()
        lines.append(update(op, {op.column: new}, f" == {old!r}"))
    elif moves:  # in one statement, so that no row is moved twice
        cases = ", ".join(f"{old!r}: {new}" for old, new in code.items())
        new = f"sa.case({{{cases}}}, value={column})"
        lines.append(update(op, {op.column: new}, f".in_({list(moves)!r})"))
    return lines


@renderers.dispatch_for(AddSerialColumnOp)
def _add_serial_column(autogen_context: AutogenContext, op: AddSerialColumnOp) -> str:
    dialect = autogen_context.dialect
    preparer: Any = dialect.identifier_preparer
    compiler: Any = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]
    table = f"{preparer.quote_schema(op.schema)}." if op.schema else ""
    column = compiler.get_column_specification(op.column)
    return execute(single_percents(f"ALTER TABLE {table}{preparer.quote(op.table_name)} ADD COLUMN {column}", dialect))


@renderers.dispatch_for(UncomputeOp)
def _uncompute(autogen_context: AutogenContext, op: UncomputeOp) -> list[str]:
    dialect = autogen_context.dialect
    preparer: Any = dialect.identifier_preparer
    schema = f"{preparer.quote_schema(op.schema)}." if op.schema else ""
    table, column = f"{schema}{preparer.quote(op.table_name)}", preparer.quote(op.column.name)
    kept = preparer.quote(shortened(f"_kept_{op.column.name}"))
    type_ = dialect.type_compiler_instance.process(op.column.type)
    renamed = f"CHANGE {kept} {column} {type_}" if dialect.name != "postgresql" else f"RENAME {kept} TO {column}"
    statements = [
        f"ALTER TABLE {table} ADD COLUMN {kept} {type_}",
        f"UPDATE {table} SET {kept} = {column}",
        f"ALTER TABLE {table} DROP COLUMN {column}",
        f"ALTER TABLE {table} {renamed}",
    ]
    if op.in_place:
        statements = [f"ALTER TABLE {table} ALTER COLUMN {column} DROP EXPRESSION"]
    return [execute(single_percents(sql, dialect)) for sql in statements]


@renderers.dispatch_for(FillRowsOp)
def _fill_rows(autogen_context: AutogenContext, op: FillRowsOp) -> list[str]:
    unknown = [column for column, value in op.values.items() if not value]
    lines = [f"# This fails while a row of {op.table} has no {column}: fill it first." for column in unknown]
    if known := {column: value for column, value in op.values.items() if value}:
        lines.append(update(op, known, ".is_(None)"))
    return lines


@renderers.dispatch_for(ShortenTextOp)
def _shorten_text(autogen_context: AutogenContext, op: ShortenTextOp) -> str:
    shortened = f"sa.func.substr(sa.column({op.column!r}), 1, {op.length})"
    return update(op, {op.column: shortened}, f" != {shortened}")


@renderers.dispatch_for(EnsureExistsOp)
def _ensure_exists(autogen_context: AutogenContext, op: EnsureExistsOp) -> str:
    if op.is_reverse:
        return f"# The {op.kind.lower()} {op.name} is kept: it may have existed before, and others may use it."
    preparer: Any = autogen_context.dialect.identifier_preparer
    return f"op.execute({f'CREATE {op.kind} IF NOT EXISTS {preparer.quote(op.name)}'!r})"


@renderers.dispatch_for(SequenceOp)
def _sequence(autogen_context: AutogenContext, op: SequenceOp) -> list[str]:
    dialect = autogen_context.dialect
    ddl = DropSequence(op.sequence) if op.drop else CreateSequence(op.sequence)
    statements = [single_percents(str(ddl.compile(dialect=dialect)), dialect)]
    if not op.drop and dialect.name == "postgresql":
        statements += [_counting_on(op.sequence, column, dialect) for column in op.numbered]
    return [execute(sql) for sql in statements]


def _counting_on(sequence: NumberSequence, column: Column[Any], dialect: Dialect) -> str:
    preparer: Any = dialect.identifier_preparer
    _, first = numbering.bounds(sequence)
    names = preparer.format_sequence(sequence), preparer.format_table(column.table), preparer.format_column(column)
    return single_percents(numbering.count_on(*names, first, sequence.maxvalue), dialect)


@renderers.dispatch_for(ChangeSequenceOp)
def _change_sequence(autogen_context: AutogenContext, op: ChangeSequenceOp) -> str:
    dialect = autogen_context.dialect
    preparer: Any = dialect.identifier_preparer
    changes = numbering.sequence_changes(op.before, op.after, dialect)
    return execute(single_percents(f"ALTER SEQUENCE {preparer.format_sequence(op.after)} {changes}", dialect))


@renderers.dispatch_for(IndexSqlOp)
def _index_sql(autogen_context: AutogenContext, op: IndexSqlOp) -> str:
    if op.drop:
        preparer: Any = autogen_context.dialect.identifier_preparer
        schema = f"{preparer.quote_schema(op.schema)}." if op.schema else ""
        return f"op.execute({f'DROP INDEX {schema}{preparer.quote(op.name)}'!r})"
    return execute(op.sql)


@renderers.dispatch_for(AutocommitOp)
def _autocommit(autogen_context: AutogenContext, op: AutocommitOp) -> str:
    lines = [line for step in op.steps for code in render_op(autogen_context, step) for line in code.splitlines()]
    return "with op.get_context().autocommit_block():\n" + "\n".join(f"    {line}" for line in lines)


@renderers.dispatch_for(AutoincrementOp)
def _autoincrement(autogen_context: AutogenContext, op: AutoincrementOp) -> str:
    options = f"recreate='always', table_kwargs={{'sqlite_autoincrement': {op.counts}}}"
    head = f"with op.batch_alter_table({op.table!r}, {options}) as batch_op:"
    if op.counts or op.key_name is None:  # with AUTOINCREMENT a key has no name
        return f"{head}\n    pass"
    return f"{head}\n    batch_op.create_primary_key({op.key_name!r}, {op.columns!r})"


@renderers.dispatch_for(UnnamedChecksOp)
def _unnamed_checks(autogen_context: AutogenContext, op: UnnamedChecksOp) -> str:
    checks = ", ".join(f"sa.CheckConstraint({escape_colons(sql)!r})" for sql in op.after)
    none = "" if op.after else "  # no CHECK without a name"
    return f"with op.batch_alter_table({op.table!r}, recreate='always', table_args=[{checks}]):{none}\n    pass"


@renderers.dispatch_for(RenameInPlaceOp)
def _rename_in_place(autogen_context: AutogenContext, op: RenameInPlaceOp) -> str:
    dialect = autogen_context.dialect
    preparer: Any = dialect.identifier_preparer
    schema = f"{preparer.quote_schema(op.schema)}." if op.schema else ""
    table, old, new = map(preparer.quote, (op.table_name, op.old, op.new))
    if op.kind == "CONSTRAINT" or dialect.name != "postgresql":
        sql = f"ALTER TABLE {schema}{table} RENAME {op.kind} {old} TO {new}"
    else:
        sql = f"ALTER {op.kind} {schema}{old} RENAME TO {new}"
    return execute(single_percents(sql, dialect))


@renderers.dispatch_for(NumberingOp)
def _numbering(autogen_context: AutogenContext, op: NumberingOp) -> list[str]:
    dialect = autogen_context.dialect
    return [execute(single_percents(sql, dialect)) for sql in numbering.statements(op.at, op.old, op.new, dialect)]


@renderers.dispatch_for(SequenceTypeOp)
def _sequence_type(autogen_context: AutogenContext, op: SequenceTypeOp) -> list[str]:
    dialect = autogen_context.dialect
    return [execute(single_percents(sql, dialect)) for sql in numbering.type_statements(op.at, str(op.new), dialect)]


@renderers.dispatch_for(ChangePrimaryKeyOp)
def _change_primary_key(autogen_context: AutogenContext, op: ChangePrimaryKeyOp) -> list[str]:
    statement = _change_primary_key_sql(autogen_context.dialect, op)
    if statement is not None:
        return [execute(single_percents(statement, autogen_context.dialect))]
    dropped = DropConstraintOp.from_constraint(op.old)
    usual = usual_name(op.table_name, "", "pkey")  # where nobody has given one, by PostgreSQL
    dropped.constraint_name = op.old_name or stored_name(op.old, autogen_context.dialect) or usual
    drop = render_op(autogen_context, dropped) if op.old.columns else []
    name = op.new_name or stored_name(op.new, autogen_context.dialect) or usual
    columns = column_names(op.new)
    if not columns:
        return drop
    if upstream.is_in_batch(autogen_context):
        return [*drop, f"batch_op.create_primary_key({name!r}, {columns!r})"]
    schema = f", schema={op.schema!r}" if op.schema else ""
    return [*drop, f"op.create_primary_key({name!r}, {op.table_name!r}, {columns!r}{schema})"]


def _change_primary_key_sql(dialect: Dialect, op: ChangePrimaryKeyOp) -> str | None:
    """Return the one statement that a database needs, or None where Alembic's two operations do."""
    preparer: Any = dialect.identifier_preparer
    table = preparer.format_table(op.new.table)
    if dialect.name in ("mysql", "mariadb"):  # an AUTO_INCREMENT column must be in a key at all times
        columns = ", ".join(map(preparer.quote, column_names(op.new)))
        steps = [*_changed_counters(dialect, op.old, op.new)]
        steps += ["DROP PRIMARY KEY"] if op.old.columns else []
        steps += [f"ADD PRIMARY KEY ({columns})"] if columns else []
        if upstream.autoincrement_column(op.old.table) is not None and _begins_to_count(op.old, op.new):
            steps.append("AUTO_INCREMENT = 1")  # the table's counter is that of the other column, and may be too high
        return f"ALTER TABLE {table} {', '.join(steps)}"
    if dialect.name == "postgresql" and column_names(op.old) == column_names(op.new):
        old, new = (preparer.format_constraint(key) for key in (op.old, op.new))
        return f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"
    return None


def _changed_counters(dialect: Dialect, old: PrimaryKeyConstraint, new: PrimaryKeyConstraint) -> Iterator[str]:
    """Yield what takes AUTO_INCREMENT from a column that is no longer a key by itself, and gives it to another."""
    before, after = (upstream.autoincrement_column(key.table) for key in (old, new))
    quote: Any = dialect.identifier_preparer.quote
    compiler: Any = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]
    if before is not None and (after is None or after.name != before.name):
        now = new.table.columns.get(before.name, before)  # its type has changed before, if it does
        type_ = dialect.type_compiler_instance.process(now.type)
        yield f"MODIFY {quote(before.name)} {type_} NOT NULL"
    if after is not None and _begins_to_count(old, new):
        yield f"MODIFY {compiler.get_column_specification(after)}"


def _begins_to_count(old: PrimaryKeyConstraint, new: PrimaryKeyConstraint) -> bool:
    """Tell whether another column of MariaDB's or MySQL's is AUTO_INCREMENT with the new key."""
    before, after = (upstream.autoincrement_column(key.table) for key in (old, new))
    if after is None or (after.server_default is not None and after.identity is None):
        return False
    return before is None or before.name != after.name
