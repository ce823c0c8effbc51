"""A revision runs up, down and up again on tables with rows, and the rows survive."""

from __future__ import annotations

import re
from pathlib import Path

from alembic.script import Script
from alembic.util import CommandError

from ..collecting import without_collecting
from ..doctor.error_hints import ADD_AND_FILL, hint
from ..errors import first_line
from ..revisions import markers
from . import rows
from .chain import Chain, RoundTripError
from .contents import EMPTY, Contents, Loss, losses

STEPS = ("upgrade()", "downgrade()", "upgrade() again")
ADDED = re.compile(r"ALTER TABLE (\S+) ADD (?:COLUMN )?(\S+) (?!.*\b(?:DEFAULT|AUTO_INCREMENT|AS)\b).*NOT NULL")


@without_collecting()
def round_trip(chain: Chain, n: int) -> None:
    """Run the nth revision up, down and up again. Raises RoundTripError when one fails, or loses data.

    Its own rows, in its variable ``rows``, are in the tables before it; or after it, if it creates the table.
    """
    script = chain.revisions[n]
    own: rows.Rows = getattr(script.module, "rows", {})
    chain.applied = -1  # a database on which a revision failed is of no more use
    try:
        chain.hold(own)
    except rows.NoRowsError as error:
        raise _failure(script, f"its own rows are refused: {error}", "correct them") from None
    before = chain.contents
    up, down, again = _contents_after_each(chain, script)
    lost_up = set(losses(before, up))
    for loss in losses(before, down):
        in_upgrade = loss in lost_up and not loss.is_moved(before, up)
        _require_marker(script, "upgrade()" if in_upgrade else "downgrade()", loss)
    for loss in losses(before, again):
        if loss not in lost_up:
            _require_marker(script, "upgrade(), after a downgrade,", loss)
    try:
        chain.advance(n + 1, again, own)
    except rows.NoRowsError as error:
        raise _failure(
            script,
            f"no valid rows can be generated for the tables after it: {error}",
            'give the revision valid rows in a line: rows = {"table": [{"column": value}]}, or [] for none',
        ) from None


def _contents_after_each(chain: Chain, script: Script) -> list[Contents]:
    """Run the steps of a revision, and return what the tables contain after each."""
    try:
        steps = chain.steps(script)
    except CommandError as error:
        raise RoundTripError(str(error)) from None
    found: list[Contents] = []

    def look() -> None:
        if column := _implicitly_filled(chain):
            message = f"{column} cannot be null, and this database gives existing rows a value that nobody chose"
            raise _failed_step(chain, script, STEPS[len(found)], message, ADD_AND_FILL)
        found.append(chain.read())

    try:
        chain.run_each(steps, look)
    except RoundTripError:
        raise
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        statement = " ".join(str(getattr(error, "statement", "")).split())
        message = f"{type(cause).__name__}: {first_line(cause)} {statement}".strip()
        raise _failed_step(chain, script, STEPS[len(found)], message, hint(error)) from None
    return found


def _failed_step(chain: Chain, script: Script, step: str, message: str, fix: str) -> RoundTripError:
    filled = [name for name, table in chain.contents.items() if table.rows and _mentions(message, name)]
    if not filled:
        return _failure(script, f"{step} fails: {message}", fix)
    fix = f"{fix}; if such rows cannot exist, give the revision a line rows = ..."
    return _failure(script, f"{step} fails on the rows of {', '.join(filled)}: {message}", fix)


def _implicitly_filled(chain: Chain) -> str | None:
    """Return a NOT NULL column that MariaDB or MySQL filled by itself, with 0 or '', and no UPDATE after it."""
    for n, statement in enumerate(chain.statements if chain.engine.dialect.name in ("mysql", "mariadb") else ()):
        added = ADDED.match(statement.replace("`", ""))
        if added and chain.contents.get(added[1], EMPTY).rows:
            later = (text for text in chain.statements[n:] if text.startswith("UPDATE") and _mentions(text, added[2]))
            if not any(later):
                return f"{added[1]}.{added[2]}"
    return None


def _require_marker(script: Script, step: str, loss: Loss) -> None:
    """Raise RoundTripError because of a loss, unless a marker in the revision says that it is meant."""
    marked = markers.marked_lines(Path(script.path).read_text("utf-8"))
    if not any(_mentions(line, loss.table) or _mentions(line, loss.column) for line in marked):
        column = f"{loss.table}.{loss.column}"
        raise _failure(
            script,
            f"{step} loses data: {column} had the value {loss.value[:40]!r}, which no row has after it",
            "rename or convert instead of dropping, or copy first; if it is meant, end the line with the comment "
            f"{markers.DESTROYS}: {column}",
        )


def _mentions(text: str, name: str) -> bool:
    """Tell whether a text mentions a table or a column."""
    return re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", text) is not None


def _failure(script: Script, message: str, fix: str) -> RoundTripError:
    return RoundTripError(f"{Path(script.path).name}: {message} ({fix})")
