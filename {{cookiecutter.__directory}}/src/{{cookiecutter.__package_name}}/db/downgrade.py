"""Before a downgrade: whoever would lose rows or values by it is asked, while nothing is changed yet."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from alembic import context
from alembic.runtime.migration import RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection, column, func, inspect, select, table

from .autogenerate.answers import Answers
from .connection import moves
from .dropped import Drop, Reader

# Rows and values are counted up to here: nobody reads a large table to its end for a question.
MANY = 1000


def ask() -> None:
    """Ask before a downgrade that loses data, to be called between context.configure() and run_migrations().

    ``-x allow-drop=book.isbn``, ``-x allow-drop=book`` or ``-x allow-drop`` for all is the answer without a terminal,
    as is ``config.attributes["allow-drop"] = True`` from Python. Raises CommandError when the answer is no, or nobody
    is there to give one.
    """
    migration = context.get_context()
    connection = migration.connection
    if not moves() or connection is None or migration.purge or context.config.attributes.get("allow-drop"):
        return
    borrowed = connection.in_transaction()
    reader = Reader()
    for step in migration.opts["fn"](migration.get_current_heads(), migration):
        if isinstance(step, RevisionStep) and not step.is_upgrade:
            reader.read(Path(step.revision.path))
    answers = Answers(migration)
    lost = {drop.name: said for drop, said in _losses(connection, reader.drops) if not answers.allow_drop(drop.name)}
    if not borrowed:
        connection.rollback()  # nobody need wait while somebody thinks
    if not lost:
        return
    question = f"This downgrade drops {', and '.join(lost.values())}."
    if not answers.can_ask:
        raise CommandError(
            f"{question} If that is meant, say -x allow-drop={next(iter(lost))} for each, or -x allow-drop for all "
            "(alembic -x ... downgrade ...). Nothing was changed."
        )
    if not answers.yes(f"{question} Go on?"):
        raise CommandError("Nothing was changed.")


def _losses(connection: Connection, drops: list[Drop]) -> Iterator[tuple[Drop, str]]:
    """Yield what is dropped with rows or values in it, and how to say that."""
    tables = {drop.table for drop in drops if not drop.column}
    for drop in drops:
        if not drop.table:
            yield drop, f"something in {drop.name} that only running it would tell"
        elif drop.column and drop.table in tables:
            continue  # the table is the whole of it
        elif found := _count(connection, drop):
            what = "value" if drop.column else "row"
            number = f"more than {MANY}" if found > MANY else found
            yield drop, f"{drop.name}, which has {number} {what}{'s' if found > 1 else ''}"


def _count(connection: Connection, drop: Drop) -> int:
    """Return how many rows a table has, or values a column, up to one more than MANY. What is not there has none."""
    schema, _, name = drop.table.rpartition(".")
    inspector = inspect(connection)
    found = _spelled(name, inspector.get_table_names(schema or None))
    if found is None:
        return 0
    rows = select(1).select_from(table(found, schema=schema or None)).limit(MANY + 1)
    if drop.column:
        columns = {column["name"]: column for column in inspector.get_columns(found, schema or None)}
        spelled = _spelled(drop.column, columns)
        if spelled is None or "computed" in columns[spelled]:
            return 0
        rows = rows.where(column(spelled).is_not(None))
    return connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def _spelled(name: str, there: Iterable[str]) -> str | None:
    """Return a name as the database spells it, since SQL does not distinguish capitals, or None."""
    return next((one for one in sorted(there, key=name.__ne__) if one.lower() == name.lower()), None)
