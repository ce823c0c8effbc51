"""A table of SQLite, rebuilt from the CREATE TABLE that the database keeps of it, with what a batch changes in it.

Alembic makes the new table from what SQLAlchemy reflects, which is less than what is there: no AUTOINCREMENT, COLLATE,
ON CONFLICT, STRICT or WITHOUT ROWID, no CHECK without a name, no index with expressions, no trigger. Here the statement
itself is changed, so that all stays which the batch does not speak of.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from alembic.util import CommandError
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Constraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    TextClause,
    inspect,
)
from sqlalchemy.exc import CompileError, DBAPIError
from sqlalchemy.schema import ColumnCollectionConstraint, CreateColumn

from .. import upstream
from ..dialects.sqlite_tables import Clause, Piece, TableSql, Token, names_in, tokens_of, unquoted

log = logging.getLogger("alembic.rebuild")

_ROWID = ("rowid", "_rowid_", "oid")  # the names of a row's number, as far as no column has one of them
_STRICT = ("INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY")
_STATISTICS = "SELECT idx, stat FROM {}sqlite_stat1 WHERE tbl = ?"


@dataclass
class Rebuild:
    """What a rebuilt table gets."""

    create: str = ""  # its CREATE TABLE, under the temporary name; nothing for Alembic's own
    indexes: list[Index] = field(default_factory=list)  # to be created when it has its own name
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)  # and to be executed

    def finish(self, connection: Connection, create_index: Callable[[Index], None]) -> None:
        """Make again what went with the old table: indexes, triggers, the counter, statistics."""
        for statement, parameters in self.statements:
            connection.exec_driver_sql(statement, parameters)
        for index in self.indexes:
            create_index(index)


def plan(connection: Connection, batch: Any, table: Table) -> Rebuild | None:
    """Return how a reflected table is rebuilt, or None for one that is not in the catalogue, such as a temporary one.

    :param batch: Alembic's ``ApplyBatchImpl``, when it has made its new table.
    :param table: what was reflected. Columns that are renamed have their new names afterwards, here and there.
    :raises CommandError: where something cannot be kept; nothing was changed then.
    """
    schema = f"{connection.dialect.identifier_preparer.quote_schema(table.schema)}." if table.schema else ""
    master = f"FROM {schema}sqlite_master WHERE lower(tbl_name) = lower(?)"

    def read() -> TableSql | None:
        query = f"SELECT sql {master} AND type = 'table'"
        sql = connection.exec_driver_sql(query, (table.name,)).scalar()
        return None if sql is None else _parsed(table, sql)

    parsed = read()
    if parsed is None:
        return None
    change = _Change(connection, batch, table, parsed)
    change.require_possible()
    if change.rename_columns():
        change.parsed = read() or parsed
    rebuild = Rebuild(change.create_table())
    rows = connection.exec_driver_sql(f"SELECT type, name, sql {master} AND sql IS NOT NULL", (table.name,))
    for kind, name, sql in rows.fetchall():
        if kind == "trigger" or (kind == "index" and change.keeps_index(name, sql)):
            rebuild.statements.append((_in_schema(sql, schema), ()))
    try:
        created = TableSql.parse(rebuild.create)
    except ValueError:  # a default that is no SQL: SQLite will say so
        created = change.parsed
    rebuild.statements += _counter(connection, schema, table.name, change.parsed, created)
    rebuild.statements += _statistics(connection, schema, table.name)
    rebuild.indexes = change.take_indexes()
    change.copy_row_numbers(created)
    return rebuild


def _parsed(table: Table, sql: str) -> TableSql:
    try:
        parsed = TableSql.parse(sql)
        understood = set(parsed.columns) == {column.name.lower() for column in table.columns}
    except ValueError:
        understood = False
    if not understood:
        raise CommandError(
            f"The table {table.name} cannot be rebuilt, as its CREATE TABLE is not understood: {sql} Give "
            "batch_alter_table() the whole table, with copy_from=. Nothing was changed."
        )
    return parsed


class _Change:
    """What a batch changes in a table."""

    def __init__(self, connection: Connection, batch: Any, table: Table, parsed: TableSql) -> None:
        self.connection, self.batch, self.table, self.parsed = connection, batch, table, parsed
        self.compiler: Any = connection.dialect.ddl_compiler(connection.dialect, None)  # type: ignore[arg-type]
        self.new: Table = batch.new_table
        # A column that is dropped and added again has no value to be copied.
        self.kept = {
            key: column
            for key, column in batch.columns.items()
            if key in table.columns and "expr" in batch.column_transfers[key]
        }
        names = {column.name.lower() for column in self.new.columns}
        renamed = {key.lower() for key, column in self.kept.items() if column.name != key}
        self.dropped = {column.name.lower() for column in table.columns} - names - renamed
        self.retyped: set[str] = set()
        self.edits: list[tuple[int, int, str]] = []

    def require_possible(self) -> None:
        """Raise CommandError for what SQLite would refuse in the middle."""
        for key, column in self.kept.items():
            computed = self.parsed.columns[key.lower()].clause("AS")
            if (
                computed is not None
                and column.computed is not None
                and (lost := names_in(computed.expression) & self.dropped)
            ):
                raise CommandError(
                    f"{self.table.name}.{column.name} is computed from {', '.join(sorted(lost))}, which this revision "
                    "drops: drop the computed column first. Nothing was changed."
                )

    def rename_columns(self) -> bool:
        """Let SQLite rename columns itself: it follows them into views, triggers, indexes and foreign keys."""
        names = {key: column.name for key, column in self.kept.items() if column.name != key}
        there = {column.name.lower() for column in self.table.columns}
        quote: Any = self.connection.dialect.identifier_preparer
        statement = f"ALTER TABLE {quote.format_table(self.table)} RENAME COLUMN {{}} TO {{}}"
        # By way of a name that is free, where names are swapped.
        steps = [
            (key, f"_alembic_{at}" if name.lower() in there else name) for at, (key, name) in enumerate(names.items())
        ]
        steps += [(step, names[key]) for key, step in steps if step != names[key]]
        try:
            for old, new in steps:
                self.connection.exec_driver_sql(statement.format(quote.quote(old), quote.quote(new)))
        except DBAPIError as error:
            raise CommandError(
                f"A column of {self.table.name} cannot be renamed, because SQLite cannot read all views and triggers: "
                f"{error.orig}. Drop what is broken first. Nothing was changed."
            ) from error
        for key, name in names.items():
            self.table.columns[key].name = name
        return bool(names)

    def create_table(self) -> str:
        """Return the CREATE TABLE of the new table, under its temporary name."""
        old_types = {
            info["name"].lower(): info
            for info in inspect(self.connection).get_columns(self.table.name, schema=self.table.schema)
        }
        columns: list[Piece | str] = []
        kept = {column.name.lower() for column in self.kept.values()}
        for key, column in zip(self.new.columns.keys(), self.new.columns, strict=True):
            name = column.name.lower()
            if key in self.kept:
                piece = self.parsed.columns[name]
                self._alter(piece, self.table.columns[key], column, old_types[name])
                columns.append(piece)
            else:
                self._require_strict(column)
                columns.append(self.compiler.process(CreateColumn(column)))
        added = self._constraints(kept)
        pieces = [*columns, *self.parsed.constraints]
        texts = [piece if isinstance(piece, str) else self._edited(piece) for piece in pieces]
        texts = [text for text in texts if next(tokens_of(text), None)] + added
        # SQLAlchemy reads some of it by patterns that end at the end of a line.
        lines = [text if "\n" in text[: -len(text.lstrip())] else f"\n\t{text.lstrip()}" for text in texts]
        body = ",".join(map(_trimmed, lines))
        name = self.connection.dialect.identifier_preparer.format_table(self.new)
        return f"CREATE TABLE {name} ({body}\n){self._options()}"

    def _edited(self, piece: Piece) -> str:
        """Return a piece with the edits in it."""
        text, end = "", piece.end
        edits = [edit for edit in self.edits if piece.start <= edit[0] and edit[1] <= piece.end]
        for start, stop, new in sorted(edits, key=lambda edit: edit[:2], reverse=True):
            text, end = new + self.parsed.sql[stop:end] + text, start
        return self.parsed.sql[piece.start : end] + text

    def _remove(self, clause: Clause) -> None:
        """Note that a clause goes, with the blanks before it: else each rebuild would leave some more."""
        # An edit inside of what is removed would bring a part of it back.
        self.edits = [edit for edit in self.edits if edit[0] < clause.start or edit[1] > clause.end]
        before, is_apart = self.parsed.sql[: clause.start], self.parsed.sql[clause.end] in " \t\r\n,)"
        self.edits.append((len(before.rstrip(" \t")) if is_apart else clause.start, clause.end, ""))

    def _alter(self, piece: Piece, old: Column[Any], new: Column[Any], reflected: Any) -> None:
        """Note what changes in a column."""
        _, end = piece.type
        plain, collation = _without_collation(new.type)
        type_ = self._type(plain)
        if type_ != self._type(reflected["type"]):
            self.retyped.add(new.name.lower())
            self._require_strict(new)
            self.edits.append((*piece.type, type_ if piece.type[0] < end else f" {type_}"))
        if collation:
            self._drop(piece, "COLLATE")
            if collation.upper() != "BINARY":  # which a text has without one
                self.edits.append((end, end, f" COLLATE {self._quoted(collation)}"))
        if new.nullable != reflected["nullable"]:
            self._drop(piece, "NULL", "NOT")
            if not new.nullable:
                self.edits.append((end, end, " NOT NULL"))
        if old.computed is not None and new.computed is None:
            self._drop(piece, "AS")
        default = self.compiler.get_column_default_string(new)
        if default != self.compiler.get_column_default_string(old):
            self._drop(piece, "DEFAULT")
            if default is not None:
                is_expression = not isinstance(getattr(new.server_default, "arg", None), (str, TextClause))
                self.edits.append((end, end, f" DEFAULT ({default})" if is_expression else f" DEFAULT {default}"))

    def _drop(self, piece: Piece, *kinds: str) -> None:
        for clause in piece.clauses:
            if clause.kind in kinds and (clause.kind != "NOT" or clause.has("NOT", "NULL")):
                self._remove(clause)

    def _type(self, type_: Any) -> str:
        try:
            return str(self.connection.dialect.type_compiler_instance.process(type_))
        except CompileError:  # a column without a type
            return ""

    def _constraints(self, kept: set[str]) -> list[str]:
        """Note what changes in the constraints; return those that are added."""
        current = {id(each) for each in (*self.batch.named_constraints.values(), *self.batch.unnamed_constraints)}
        reflected = [each for each in self.table.constraints if each is not self.table.primary_key]
        reflected.sort(key=lambda each: self._name(each) is None)  # those with a name first
        kept_clauses: dict[str, Clause] = {}
        written: set[Any] = set()
        for piece, clause in self.parsed.clauses:
            if clause.expression:
                self._unqualify(clause)
            if clause.kind not in ("UNIQUE", "CHECK", "REFERENCES", "FOREIGN"):
                continue
            if piece.name is not None and piece.name.name not in kept:
                continue  # it goes with the column; if that is added again, what Alembic has of it is written below
            constraint = next((each for each in reflected if self._is(each, clause)), None)
            if constraint is not None:
                reflected.remove(constraint)
                if id(constraint) in current:
                    written.add(_key(constraint))
                elif isinstance(constraint, CheckConstraint) and self._name(constraint) is None:
                    constraint = None  # which Alembic always leaves out
            if (constraint is not None and id(constraint) not in current) or self._goes_with_a_column(clause):
                self._remove(clause)
                continue
            name = None if constraint is None else self._name(constraint)
            if name is not None and clause.name is None:
                self.edits.append((clause.start, clause.start, f"CONSTRAINT {self._quoted(name)} "))
            kept_clauses[(name or clause.name or f" {_text(clause.expression)}").lower()] = clause
        added = [*self._primary_key()]
        new = [each for each in self.new.constraints if each is not self.new.primary_key and _key(each) not in written]
        for each in sorted(new, key=lambda each: (each.__visit_name__, self._name(each) or "", str(_key(each)))):
            if not upstream.is_created(each, self.connection.dialect) or not (sql := self.compiler.process(each)):
                continue
            name, expression = self._name(each), list(tokens_of(str(getattr(each, "sqltext", ""))))
            same = kept_clauses.get(name.lower() if name else f" {_text(expression)}")
            if same is not None and name is None:
                continue
            if same is not None:
                self._remove(same)
            added.append(sql)
        return added

    def _is(self, constraint: Constraint, clause: Clause) -> bool:
        """Tell whether a reflected constraint is what a clause says."""
        name = self._name(constraint)
        if clause.name is not None and name is not None and clause.name.lower() != name.lower():
            return False
        if isinstance(constraint, CheckConstraint):
            if clause.kind != "CHECK" or clause.name is not None:
                return clause.kind == "CHECK" and name is not None
            return _text(tokens_of(str(constraint.sqltext))) == _text(clause.expression)
        if not isinstance(constraint, ColumnCollectionConstraint):
            return False
        columns = tuple(column.name.lower() for column in constraint.columns)
        if isinstance(constraint, ForeignKeyConstraint):
            referred = constraint.elements[0].target_fullname.split(".")[-2].lower()
            return clause.kind in ("REFERENCES", "FOREIGN") and (columns, referred) == (clause.columns, clause.referred)
        return clause.kind == "UNIQUE" and columns == clause.columns

    def _goes_with_a_column(self, clause: Clause) -> bool:
        """Tell whether a constraint goes because it needs a column that goes, as on PostgreSQL; or a type that goes."""
        if set(clause.columns) & self.dropped and clause.kind != "CHECK":
            return True
        if clause.kind != "CHECK":
            return False
        if lost := names_in(clause.expression) & self.dropped:
            log.warning(
                "%s: CHECK (%s) goes with %s, which it reads.",
                self.table.name,
                self.parsed.expression(clause),
                ", ".join(sorted(lost)),
            )
            return True
        if clause.name is not None:
            return False
        given = self.batch.table_args
        if given == [] or any(isinstance(argument, CheckConstraint) for argument in given):
            return True  # whoever gives CHECKs gives all those that have no name; without any, by an empty list
        return self._of_type(clause.expression) in self.retyped

    @staticmethod
    def _of_type(expression: list[Token]) -> str:
        """Return the column of a CHECK as SQLAlchemy gives it to a type: ``x IN (0, 1)``; "" for another CHECK."""
        texts = [token.keyword or token.kind for token in expression[1:]]
        is_list = texts[:1] == ["IN"] and all(text in ("literal", "sign") for text in texts[1:])
        return expression[0].name if is_list else ""

    def _unqualify(self, clause: Clause) -> None:
        """Take the table's name from the columns in an expression: the new table has another one for a while."""
        for at, (token, dot) in enumerate(zip(clause.expression, clause.expression[1:], strict=False)):
            if dot.text == "." and token.name == self.table.name.lower():
                self.edits.append((token.start, clause.expression[at + 2].start, ""))

    def _primary_key(self) -> list[str]:
        """Note what changes in the primary key; return it if it becomes a constraint of the table."""
        new, old = self.new.primary_key, None
        for _, clause in self.parsed.clauses:
            old = clause if clause.kind == "PRIMARY" else old
        columns, name = tuple(column.name.lower() for column in new.columns), self._name(new)
        counts = bool(self.new.dialect_options["sqlite"]["autoincrement"])
        said = self.batch.table_kwargs.get("sqlite_autoincrement", self.parsed.counts)
        if old is not None and old.columns == columns and (bool(said) is self.parsed.counts or len(columns) > 1):
            if self.parsed.counts and columns[0] in self.retyped:
                self._require_integer(columns[0])
            if name is not None and old.name is None:
                self.edits.append((old.start, old.start, f"CONSTRAINT {self._quoted(name)} "))
            elif name is not None and old.name is not None and name != old.name:
                self.edits.append((old.start, old.tokens[2].start, f"CONSTRAINT {self._quoted(name)} "))
            return []
        if old is not None:
            self._remove(old)
        if not columns:
            return []
        if not counts or len(columns) > 1:
            return [self.compiler.process(new)]
        piece = self.parsed.columns.get(columns[0])
        if piece is not None:  # only a column itself can have it
            self._require_integer(columns[0])
            self.edits.append((piece.type[1], piece.type[1], " PRIMARY KEY AUTOINCREMENT"))  # as SQLAlchemy writes it
        return []

    def _require_integer(self, name: str) -> None:
        """Raise CommandError where AUTOINCREMENT is to be on another type than SQLite takes."""
        column = next(column for column in self.new.columns if column.name.lower() == name)
        type_ = self._type(column.type)
        if type_.upper() != "INTEGER":
            raise CommandError(
                f"{self.table.name}.{column.name} has AUTOINCREMENT and is to become {type_}, but SQLite counts in an "
                "INTEGER only. For a type that is larger elsewhere, give the model "
                'BigInteger().with_variant(Integer, "sqlite"). Nothing was changed.'
            )

    def _require_strict(self, column: Column[Any]) -> None:
        """Raise CommandError for a type that a STRICT table does not have."""
        type_ = self._type(column.type)
        if "STRICT" in self._options().upper() and type_.upper() not in _STRICT:
            raise CommandError(
                f"{self.table.name} is STRICT, and {column.name} is to be {type_}, but such a table has only the types "
                f"{', '.join(_STRICT)}: give the model one of them. Nothing was changed."
            )

    def _options(self) -> str:
        """Return what follows the columns: WITHOUT ROWID and STRICT as they were, or as the batch says."""
        given = self.batch.table_kwargs  # with what SQLAlchemy has reflected, nothing up to 2.0.52
        options = list(self.parsed.options)
        for key, option, if_ in (("sqlite_with_rowid", "WITHOUT ROWID", False), ("sqlite_strict", "STRICT", True)):
            if key in given and (bool(given[key]) is if_) != (option in options):
                options = [each for each in options if each != option] + [option] * (option not in options)
        if options == self.parsed.options:
            return self.parsed.tail
        return f" {', '.join(options)}" if options else ""

    def keeps_index(self, name: str, sql: str) -> bool:
        """Tell whether an index of the database is created again."""
        reflected = {str(index.name).lower() for index in self.table.indexes}
        left = {str(each).lower() for each in self.batch.indexes}
        added = {str(each).lower() for each in self.batch.new_indexes}
        if name.lower() in added or (name.lower() in reflected and name.lower() not in left):
            return False
        tokens = list(tokens_of(sql))
        opening = next(at for at, token in enumerate(tokens) if token.text == "(")
        if lost := names_in(tokens[opening:]) & self.dropped:
            log.warning("%s: the index %s goes with %s.", self.table.name, name, ", ".join(sorted(lost)))
            return False
        return True

    def take_indexes(self) -> list[Index]:
        """Let Alembic create no index of the old table, and return those of the batch that it does not understand."""
        self.batch.indexes.clear()
        own = [
            index
            for index in self.batch.new_indexes.values()
            if not all(isinstance(expression, Column) for expression in index.expressions)
        ]
        for index in own:
            del self.batch.new_indexes[index.name]
        return own

    def copy_row_numbers(self, created: TableSql) -> None:
        """Let rows keep their numbers, by which full-text tables find them, where no column has them."""
        taken = {*self.parsed.columns, *created.columns}
        free = [name for name in _ROWID if name not in taken]
        if free and not _numbered_by(self.parsed) and not _numbered_by(created):
            for table in (self.table, self.new):
                table.append_column(Column(free[0], Integer, system=True))
            self.batch.column_transfers[free[0]] = {"expr": self.table.columns[free[0]]}

    def _name(self, constraint: Constraint) -> str | None:
        """Return the name of a constraint, completed by a naming convention."""
        formatted = None if constraint.name is None else self.compiler.preparer.format_constraint(constraint)
        return None if formatted is None else unquoted(formatted)

    def _quoted(self, name: str) -> str:
        return str(self.compiler.preparer.quote(name))


def _without_collation(type_: Any) -> tuple[Any, str | None]:
    """Return a type without its collation, and that."""
    collation: str | None = getattr(type_, "collation", None)
    if collation:
        type_ = copy(type_)
        type_.collation = None
    return type_, collation


def _trimmed(text: str) -> str:
    """Return SQL without blanks at its end; after a comment, its line must end."""
    end = max(token.end for token in tokens_of(text))
    return text[:end] if not text[end:].strip() else f"{text.rstrip()}\n"


def _key(constraint: Any) -> tuple[Any, ...]:
    """Return what a constraint and its copy have in common."""
    names = getattr(constraint, "column_keys", None) or [column.key for column in getattr(constraint, "columns", ())]
    sql = str(constraint.sqltext) if isinstance(constraint, CheckConstraint) else ""
    target = constraint.elements[0].target_fullname if isinstance(constraint, ForeignKeyConstraint) else ""
    name = str(constraint.name) if isinstance(constraint.name, str) else None
    return (constraint.__visit_name__, name, tuple(names) if not sql else (), sql, target)


def _text(tokens: Iterable[Token]) -> str:
    """Return an expression to be compared with another one of the same statement."""
    return " ".join(token.text for token in tokens)


def _numbered_by(table: TableSql) -> bool:
    """Tell whether rows have no number but their key: an INTEGER PRIMARY KEY is the number, WITHOUT ROWID has none."""
    if "WITHOUT ROWID" in table.options:
        return True
    for _, clause in table.clauses:
        if clause.kind == "PRIMARY" and len(clause.columns) == 1:
            start, end = table.columns[clause.columns[0]].type
            return table.sql[start:end].upper() == "INTEGER"
    return False


def _in_schema(sql: str, schema: str) -> str:
    """Return the statement that creates an index or a trigger in a schema: SQLite keeps it without."""
    if not schema:
        return sql
    tokens = list(tokens_of(sql))
    name = next(at for at, token in enumerate(tokens) if token.keyword in ("INDEX", "TRIGGER")) + 1
    return sql[: tokens[name].start] + schema + sql[tokens[name].start :]


def _counter(
    connection: Connection, schema: str, table: str, old: TableSql, new: TableSql
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return what sets the counter of AUTOINCREMENT to where it was: it is higher than the keys of deleted rows."""
    if not (old.counts and new.counts):
        return []
    counters = f"{schema}sqlite_sequence"
    row = connection.exec_driver_sql(f"SELECT name, seq FROM {counters} WHERE name = ?", (table,)).first()
    if row is None:
        return []
    return [
        (f"DELETE FROM {counters} WHERE name = ?", (table,)),
        (f"INSERT INTO {counters} (name, seq) VALUES (?, ?)", (row[0], row[1])),
    ]


def _statistics(connection: Connection, schema: str, table: str) -> list[tuple[str, tuple[Any, ...]]]:
    """Return what puts back the statistics that ANALYZE has made, for the indexes that are left."""
    exists = f"SELECT 1 FROM {schema}sqlite_master WHERE name = 'sqlite_stat1'"
    if connection.exec_driver_sql(exists).scalar() is None:
        return []
    insert = (
        f"INSERT INTO {schema}sqlite_stat1 (tbl, idx, stat) SELECT ?, ?, ? WHERE ? IS NULL OR "
        f"EXISTS (SELECT 1 FROM {schema}sqlite_master WHERE type = 'index' AND name = ?)"
    )
    rows = connection.exec_driver_sql(_STATISTICS.format(schema), (table,)).fetchall()
    return [(insert, (table, idx, stat, idx, idx)) for idx, stat in rows]
