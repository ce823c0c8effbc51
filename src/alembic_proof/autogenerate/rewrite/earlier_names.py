"""Rule: names that no revision says are told, where the naming convention of the models came later than the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from alembic.operations.ops import DropConstraintOp, MigrateOperation
from sqlalchemy import MetaData

from ..draft import Draft, each_operation
from ..notes import say
from ..operations import ChangePrimaryKeyOp, RenameInPlaceOp

_CUT = re.compile(r".{40,}_[0-9a-f]{4}")  # by SQLAlchemy, as it is too long; the revision has it whole
_USUAL = set(MetaData().naming_convention)


def earlier_names(draft: Draft) -> None:
    """Say what an earlier revision has to name: in a new database, it would give the name of the convention at once.

    Alembic lets the convention of the models name what a revision creates without a name, so that a later revision
    does not find the name that the database once chose.
    """
    environment = draft.context.environment_context
    conventions = [set(table.metadata.naming_convention) for table in draft.tables.values()]
    if environment is None or draft.kind == "sqlite" or all(each <= _USUAL for each in conventions):
        return
    names = {name for op in each_operation(draft.upgrade) for name in _given_up(op) if not _CUT.fullmatch(name)}
    if not names:
        return
    revisions = [Path(script.path).read_text("utf-8", "replace") for script in environment.script.walk_revisions()]
    columns = {column.name for table in draft.tables.values() for column in table.columns}
    unsaid = sorted(name for name in names if not any(_says(text, name, name in columns) for text in revisions))
    if unsaid and revisions:
        more = " ..." if len(unsaid) > 5 else ""
        say(
            draft.context,
            f"No revision names {', '.join(unsaid[:5])}{more}: the database chose that. In a new database, the naming "
            "convention of the models names it before this revision comes, which then fails. Write the name into the "
            f"revision that creates it, as in name=op.f({unsaid[0]!r}).",
        )


def _says(text: str, name: str, is_column: bool) -> bool:
    """Tell whether a revision names a constraint or an index; a column may be called the same."""
    escaped = re.escape(name)
    if not is_column:
        return re.search(rf"(?<!\w){escaped}(?!\w)", text) is not None
    pattern = rf"(\bf\(|name=)[\"']{escaped}[\"']|\b(CONSTRAINT|INDEX|KEY|TO)\s+[\"`]?{escaped}\b"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _given_up(op: MigrateOperation) -> Iterator[str]:
    """Yield the name of a constraint or an index that gets another one; MariaDB makes a foreign key anew for that."""
    if isinstance(op, RenameInPlaceOp) and op.kind != "SEQUENCE":
        yield op.old
    elif isinstance(op, ChangePrimaryKeyOp) and op.old.name and op.old.name != op.new.name:
        yield str(op.old.name)
    elif isinstance(op, DropConstraintOp) and op.constraint_type == "foreignkey" and op.constraint_name:
        yield str(op.constraint_name)
