"""What is said where the revisions branch, merge or are missing, in place of Alembic's words for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alembic import context
from alembic.script import ScriptDirectory
from alembic.script.revision import MultipleHeads, ResolutionError, RevisionError
from alembic.util import CommandError, to_tuple

from .. import upstream

_MERGE = 'alembic merge heads -m "merge"'


def sentence(error: CommandError, current_heads: Callable[[], Sequence[str]]) -> str | None:
    """Return what happened and which commands help, with what Alembic says; None for other errors.

    ``current_heads`` returns the revisions that the database is at. It is to be called while env.py runs.
    """
    cause, text = error.__cause__, str(error)
    if text.startswith("Target database is not up to date"):  # Alembic has no class or code for it
        return _not_up_to_date(current_heads(), context.script.get_heads())
    if isinstance(cause, MultipleHeads) and len(heads := context.script.get_heads()) > 1:
        return several_heads(heads, f"the command cannot choose ({text})", "alembic upgrade heads")
    if isinstance(cause, ResolutionError) and cause.argument in current_heads():
        return _missing(cause.argument, text, context.script.get_heads())
    if isinstance(cause, RevisionError) and text == "Ambiguous walk":
        return _ambiguous(context.script, current_heads(), text)
    return None


def _not_up_to_date(current: Sequence[str], heads: Sequence[str]) -> str:
    """Return what to do where a new revision cannot follow the one that the database is at."""
    at, newest = (", ".join(revisions) or "none" for revisions in (current, heads))
    if len(heads) > 1:
        return (
            f"There are {len(heads)} heads, {newest}, and the database is at {at}: two revisions follow the same one. "
            f"Run {_MERGE}, then alembic upgrade head, then this command again."
        )
    return (
        f"Target database is not up to date: it is at revision {at}, and the newest is {newest}. Run alembic upgrade "
        "head first, then this command again."
    )


def several_heads(heads: Sequence[str], so: str, other: str) -> str:
    """Return what to do where there are several heads; ``so`` is what follows, ``other`` the other way on."""
    return (
        f"There are {len(heads)} heads, {', '.join(heads)}: several revisions follow the same one, and {so}. Join them "
        f"with {_MERGE}, then alembic upgrade head; or, if they are meant to stay apart, {other}. Nothing was changed."
    )


def _missing(revision: str, text: str, heads: Sequence[str]) -> str:
    """Return what to do where the database is at a revision of which there is no file."""
    newest = " ".join(heads)
    return (
        f"The database is at revision {revision}, and no file here has it ({text}): it belongs to another branch of "
        "the code, or its file was deleted. Where the file is, run alembic downgrade REVISION, to one that is here too "
        "(alembic history lists them), then alembic upgrade head here. If the file is gone, and the schema is that of "
        f"{newest or 'base'} all the same, alembic stamp --purge {newest or 'base'} says so. Nothing was changed."
    )


def _ambiguous(script: ScriptDirectory, current: Sequence[str], text: str) -> str | None:
    """Return what to do where a step, such as -1 or +1, may lead to several revisions."""
    if upstream.command_of(upstream.environment_context().context_opts.get("fn")) != "downgrade":
        for revision in script.get_revisions(tuple(current)):
            if len(following := sorted(revision.nextrev)) > 1:
                return (
                    f"{' and '.join(following)} follow {revision.revision}, where the database is, so that a step may "
                    f"lead to each ({text}). Name the one: alembic upgrade {following[0]}; or all: alembic upgrade "
                    "heads. Nothing was changed."
                )
        return None
    merged = _nearest_merge(script, current)
    if merged is None:
        return None
    merge, before = merged
    bases = _common_ancestors(script, before)
    both = f"alembic downgrade {bases[0]}" if bases else "alembic downgrade base"
    return (
        f"{merge} merges {' and '.join(before)}, so that a step back may lead to each ({text}). To undo the merge "
        f"alone: alembic downgrade {before[0]}. To undo what it merges too: {both}. Nothing was changed."
    )


def _nearest_merge(script: ScriptDirectory, current: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """Return the first merge on the way back, and the revisions that it merges."""
    for revision in script.iterate_revisions(tuple(current), "base"):
        before = to_tuple(revision.down_revision, default=())
        if len(before) > 1:
            return revision.revision, before
    return None


def _common_ancestors(script: ScriptDirectory, revisions: Sequence[str]) -> list[str]:
    """Return the revisions that come before all of these, the newest first."""
    lines = [[each.revision for each in script.iterate_revisions(revision, "base")] for revision in revisions]
    return [revision for revision in lines[0] if all(revision in line for line in lines[1:])]
