"""Before a downgrade: whoever would lose rows or values by it is asked, while nothing is changed yet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from alembic.operations.ops import AlterColumnOp
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.util import CommandError
from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    column,
    func,
    inspect,
    select,
    table,
)
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from .. import upstream
from ..ddl.losses import alteration, loss, lost_values, shortened_to
from ..prompts import Answers, Nobody, Question
from ..revisions.actions import actions
from ..revisions.drops import Drop, DropReader
from . import revision_chain, using
from .logging_less import logging_less
from .step_functions import require_functions
from .warnings import warn

log = logging.getLogger("alembic.data_loss")

_CUTS = "cuts off what does not fit in "  # what is said of a column that gets another type begins so

# Rows and values are counted up to here: nobody reads a large table to its end for a question.
MANY = 1000


@dataclass(frozen=True)
class Examined:
    """From which revisions a downgrade that somebody was asked about begins."""

    migration: MigrationContext
    heads: tuple[str, ...]

    def require_unchanged(self, connection: Connection) -> None:
        """Raise CommandError when another process has moved the database since: the answer was for other revisions."""
        heads = self.migration.get_current_heads()
        connection.rollback()
        if set(heads) != set(self.heads):
            raise CommandError(
                f"Another process has moved the database from {_listed(self.heads)} to {_listed(heads)}, after this "
                "downgrade was examined. Nothing was changed: run the command again."
            )


def ask(connection: Connection, version_table: str, version_table_schema: str | None) -> Examined | None:
    """Ask before a downgrade that loses data: before the lock is taken, as nobody need wait while somebody thinks.

    ``-x allow-drop=book.isbn``, ``-x allow-drop=book`` or ``-x allow-drop`` for all is the answer without a terminal,
    as is ``config.attributes["allow-drop"] = True`` from Python, or a list of names, some of which may have nothing to
    drop here. Returns what was examined; None for a command that is
    not a downgrade, or needs no answer. Raises CommandError when the answer is no, or nobody can be asked.
    """
    environment = upstream.environment_context()
    allowed = environment.config.attributes.get("allow-drop")
    if allowed and not isinstance(allowed, (list, tuple)):
        return None
    answered = any(given.partition("=")[0] == "allow-drop" for given in environment.get_x_argument())
    if upstream.command_of(environment.context_opts["fn"]) == "upgrade" and not answered:
        return None  # Alembic's own command goes up only
    borrowed = connection.in_transaction()
    version = {"version_table": version_table, "version_table_schema": version_table_schema}
    with logging_less(MigrationContext.__module__):
        migration = MigrationContext.configure(
            connection, environment_context=environment, opts={**environment.context_opts, **version}
        )
    steps = [] if migration.purge else _planned(migration)
    downgrades = [step for step in steps if isinstance(step, RevisionStep) and not step.is_upgrade]
    examined = Examined(migration, migration.get_current_heads()) if downgrades else None
    reader = DropReader(connection.dialect)
    for step in downgrades:
        script = step.revision
        reader.read(Path(script.path).name, actions(script, "downgrade", connection.dialect))
    answers = Answers.of(migration)
    others = Answers([f"allow-drop={name}" for name in allowed or ()], Nobody())
    meant = {drop.name for drop in reader.drops if answers.allow_drop(drop.name) or others.allow_drop(drop.name)}
    losses = {drop.name: text for drop, text in _losses(connection, reader.drops) if drop.name not in meant}
    if not borrowed:
        connection.rollback()
    _require_matched(answers, reader.drops)
    if losses:
        _require_meant(answers, losses)
    return examined


def telling() -> Callable[..., Any]:
    """Return the function that plans the steps of the running command, for ``context.configure()`` without a database.

    Of a downgrade, it says on the log what the script will destroy: nobody asks where that runs.
    """
    environment = upstream.environment_context()
    plan: Callable[..., Any] = environment.context_opts["fn"]

    @wraps(plan)  # Alembic's commands are told apart by the name of theirs
    def planned(heads: Any, migration: MigrationContext) -> Any:
        steps = require_functions(lambda: plan(heads, migration))
        if environment.config.attributes.get("allow-drop"):
            return steps
        drops = _drops(steps, migration.dialect)
        answers = Answers.of(migration)
        told = [text for drop, text in _unseen_losses(drops, migration.dialect) if not answers.allow_drop(drop.name)]
        if told:
            warn(log, f"Where it runs, this script {', and '.join(dict.fromkeys(told))}.")
        return steps

    return planned


def _drops(steps: Iterable[MigrationStep], dialect: Dialect) -> list[Drop]:
    """Return what the downgrades among these steps drop."""
    reader = DropReader(dialect)
    for step in steps:
        if isinstance(step, RevisionStep) and not step.is_upgrade:
            reader.read(Path(step.revision.path).name, actions(step.revision, "downgrade", dialect))
    return reader.drops


def _unseen_losses(drops: list[Drop], dialect: Dialect) -> Iterator[tuple[Drop, str]]:
    """Yield what is dropped or cut off, and how to say that without a database."""
    tables = {drop.table for drop in drops if not drop.column and not drop.is_part}
    columns = {(drop.table, drop.column) for drop in drops if drop.retyped is None}
    for drop in drops:
        if not drop.table:
            yield drop, f"drops something that {drop.name} names only when it runs"
        elif not drop.column:
            yield drop, f"drops rows of {drop.name}" if drop.is_part else f"drops {drop.name} with its rows"
        elif drop.table in tables:
            continue
        elif drop.retyped is None:
            yield drop, f"drops {drop.name} with its values"
        elif (drop.table, drop.column) not in columns and _may_cut(drop.retyped, dialect):
            yield drop, f"{_CUTS}{drop.name}, which becomes {drop.retyped.modify_type!r}"


def _may_cut(change: AlterColumnOp, dialect: Dialect) -> bool:
    """Tell whether a column gets a type that cannot hold all of its values; False where its type is not said."""
    if using.cuts(change, dialect):
        return True
    if change.existing_type is None:
        return False
    if loss(change, dialect) is not None or shortened_to(change, dialect) is not None:
        return True
    return alteration(column(change.column_name), change.existing_type, change.modify_type, dialect) is not None


def _planned(migration: MigrationContext) -> list[MigrationStep]:
    """Return the steps of the command. Raises CommandError, in our words, where the revisions do not lead there."""
    try:
        return require_functions(lambda: upstream.steps(migration))
    except CommandError as error:
        if sentence := revision_chain.sentence(error, migration.get_current_heads):
            raise CommandError(sentence) from None
        raise


def _listed(revisions: Iterable[str]) -> str:
    return ", ".join(revisions) or "base"


def _require_matched(answers: Answers, drops: list[Drop]) -> None:
    """Raise CommandError for an answer that names nothing that is dropped: it may be misspelled."""
    for answer in answers.unused("allow-drop"):
        names = ", ".join(dict.fromkeys(drop.name for drop in drops))
        what = f"It drops {names}" if names else "It drops nothing that anybody is asked about"
        raise CommandError(f"{answer} matches nothing that this command drops. {what}. Nothing was changed.")


def _require_meant(answers: Answers, losses: dict[str, str]) -> None:
    """Raise CommandError unless somebody says that it is meant."""
    dropped = [text for text in losses.values() if not text.startswith(_CUTS)]
    cut = [text for text in losses.values() if text.startswith(_CUTS)]
    parts = ([f"drops {', and '.join(dropped)}"] if dropped else []) + cut
    question = f"This downgrade {', and '.join(parts)}."
    if not answers.can_ask:
        arguments = tuple(f"allow-drop={name}" for name in losses)
        answers.open.append(Question(f"{question} Go on?", ((arguments, "that is meant"),)))
        answers.require_answered("Nothing was changed.")
    if not answers.yes(f"{question} Go on?"):
        raise CommandError("Nothing was changed.")


def _losses(connection: Connection, drops: list[Drop]) -> Iterator[tuple[Drop, str]]:
    """Yield what is dropped or cut off with rows or values in it, and how to say that."""
    tables = {drop.table for drop in drops if not drop.column and not drop.is_part}
    columns = {(drop.table, drop.column) for drop in drops if drop.retyped is None}
    for drop in drops:
        if not drop.table:
            yield drop, f"something that {drop.name} names only when it runs"
        elif drop.column and drop.table in tables:
            continue  # the table is the whole of it
        elif drop.retyped is not None:
            if (drop.table, drop.column) not in columns and (number := _count_cut(connection, drop)):
                type_ = drop.retyped.modify_type
                yield drop, f"{_CUTS}{drop.name}, which becomes {type_!r}: {_amount(number, 'value')}"
        elif number := _count(connection, drop):
            what = "rows of " * (drop.is_part and not drop.column)
            yield drop, f"{what}{drop.name}, which has {_amount(number, 'value' if drop.column else 'row')}"


def _amount(number: int, kind: str) -> str:
    return f"{f'more than {MANY}' if number > MANY else number} {kind}{'s' if number > 1 else ''}"


def _count_cut(connection: Connection, drop: Drop) -> int:
    """Return how many values a column has that would not be the same after it got another type, as _count() does.

    Where only the database's conversion would tell, that is all of its values.
    """
    assert drop.retyped is not None
    new, dialect = drop.retyped.modify_type, connection.dialect
    found = _column(connection, drop)
    if found is None or "computed" in found:
        return 0
    old = drop.retyped.existing_type
    if old is None or isinstance(old, NullType):
        old = found["type"]
    change = AlterColumnOp(drop.table, drop.column, existing_type=old, modify_type=new, **drop.retyped.kw)
    value = column(found["name"], old)
    types = value, old, new, dialect
    if using.cuts(change, dialect):
        with suppress(DBAPIError), connection.begin_nested():
            return _count(connection, drop, using.changed(value, change))
        return _count(connection, drop)  # the table is not yet as the expression expects it
    if using.maps(change, dialect):
        with suppress(DBAPIError), connection.begin_nested():
            if number := _count(connection, drop, using.becomes_null(change)):
                return number
    if loss(change, dialect) is not None or (drop.is_part and shortened_to(change, dialect) is not None):
        return _count(connection, drop, lost_values(*types))
    altered = alteration(*types)
    if altered is None:
        return 0
    try:
        with connection.begin_nested():
            return _count(connection, drop, altered.condition)
    except DBAPIError:  # a value that the database will refuse
        return 0


def _count(connection: Connection, drop: Drop, condition: ColumnElement[bool] | None = None) -> int:
    """Return how many rows a table has, or values a column, up to one more than MANY. What does not exist has none.

    Only those count to which a condition applies.
    """
    schema, name = _table(connection, drop)
    if name is None:
        return 0
    rows = select(1).select_from(table(name, schema=schema)).limit(MANY + 1)
    if drop.column:
        found = _column(connection, drop)
        if found is None or "computed" in found:
            return 0
        rows = rows.where(column(found["name"]).is_not(None))
    if condition is not None:
        rows = rows.where(condition)
    return connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def _table(connection: Connection, drop: Drop) -> tuple[str | None, str | None]:
    """Return the schema and the name of a table as the database spells it; no name if there is none.

    Either may have dots in it.
    """
    inspector, parts = inspect(connection), drop.table.split(".")
    for at in range(len(parts)):
        schema = _spelled(".".join(parts[:at]), inspector.get_schema_names()) if at else None
        if at and schema is None:
            continue
        name = _spelled(".".join(parts[at:]), inspector.get_table_names(schema))
        if name is not None:
            return schema, name
    return None, None


def _column(connection: Connection, drop: Drop) -> ReflectedColumn | None:
    """Return the column as the database has it, or None."""
    schema, name = _table(connection, drop)
    if name is None:
        return None
    columns = {each["name"]: each for each in inspect(connection).get_columns(name, schema)}
    spelled = _spelled(drop.column, columns)
    return None if spelled is None else columns[spelled]


def _spelled(name: str, existing: Iterable[str]) -> str | None:
    """Return a name as the database spells it, since SQL does not distinguish capitals, or None."""
    return next((other for other in sorted(existing, key=name.__ne__) if other.lower() == name.lower()), None)
