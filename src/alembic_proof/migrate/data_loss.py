"""Before a downgrade: whoever would lose rows or values by it is asked, while nothing is changed yet."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection, column, func, inspect, select, table

from .. import upstream
from ..prompts import Answers, Question
from ..revisions.actions import actions
from ..revisions.drops import Drop, DropReader

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
    as is ``config.attributes["allow-drop"] = True`` from Python. Returns what was examined; None for a command that is
    not a downgrade, or needs no answer. Raises CommandError when the answer is no, or nobody can be asked.
    """
    environment = upstream.environment_context()
    if environment.config.attributes.get("allow-drop"):
        return None
    borrowed = connection.in_transaction()
    version = {"version_table": version_table, "version_table_schema": version_table_schema}
    with _logging_less():
        migration = MigrationContext.configure(
            connection, environment_context=environment, opts={**environment.context_opts, **version}
        )
    steps = [] if migration.purge else upstream.steps(migration)
    downgrades = [step for step in steps if isinstance(step, RevisionStep) and not step.is_upgrade]
    examined = Examined(migration, migration.get_current_heads()) if downgrades else None
    reader = DropReader(connection.dialect)
    for step in downgrades:
        script = step.revision
        reader.read(Path(script.path).name, actions(script, "downgrade", connection.dialect))
    answers = Answers.of(migration)
    losses = {drop.name: text for drop, text in _losses(connection, reader.drops) if not answers.allow_drop(drop.name)}
    if not borrowed:
        connection.rollback()
    if losses:
        _require_meant(answers, losses)
    return examined


@contextmanager
def _logging_less() -> Iterator[None]:
    """Keep Alembic from announcing a MigrationContext that migrates nothing, as it announces the command's own."""
    logger = logging.getLogger(MigrationContext.__module__)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _listed(revisions: Iterable[str]) -> str:
    return ", ".join(revisions) or "base"


def _require_meant(answers: Answers, losses: dict[str, str]) -> None:
    """Raise CommandError unless somebody says that it is meant."""
    question = f"This downgrade drops {', and '.join(losses.values())}."
    if not answers.can_ask:
        arguments = tuple(f"allow-drop={name}" for name in losses)
        answers.open.append(Question(f"{question} Go on?", ((arguments, "that is meant"),)))
        answers.require_answered("Nothing was changed.")
    if not answers.yes(f"{question} Go on?"):
        raise CommandError("Nothing was changed.")


def _losses(connection: Connection, drops: list[Drop]) -> Iterator[tuple[Drop, str]]:
    """Yield what is dropped with rows or values in it, and how to say that."""
    tables = {drop.table for drop in drops if not drop.column}
    for drop in drops:
        if not drop.table:
            yield drop, f"something that {drop.name} names only when it runs"
        elif drop.column and drop.table in tables:
            continue  # the table is the whole of it
        elif number := _count(connection, drop):
            kind = "value" if drop.column else "row"
            amount = f"more than {MANY}" if number > MANY else number
            yield drop, f"{drop.name}, which has {amount} {kind}{'s' if number > 1 else ''}"


def _count(connection: Connection, drop: Drop) -> int:
    """Return how many rows a table has, or values a column, up to one more than MANY. What does not exist has none."""
    schema, _, name = drop.table.rpartition(".")
    inspector = inspect(connection)
    existing = _spelled(name, inspector.get_table_names(schema or None))
    if existing is None:
        return 0
    rows = select(1).select_from(table(existing, schema=schema or None)).limit(MANY + 1)
    if drop.column:
        columns = {column["name"]: column for column in inspector.get_columns(existing, schema or None)}
        spelled = _spelled(drop.column, columns)
        if spelled is None or "computed" in columns[spelled]:
            return 0
        rows = rows.where(column(spelled).is_not(None))
    return connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def _spelled(name: str, existing: Iterable[str]) -> str | None:
    """Return a name as the database spells it, since SQL does not distinguish capitals, or None."""
    return next((other for other in sorted(existing, key=name.__ne__) if other.lower() == name.lower()), None)
