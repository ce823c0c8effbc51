"""A migration that ended half-way on MariaDB or MySQL: what the notes of alembic_proof.migrate.journal say of it.

There is a note for each statement, and one at position 0 that says which revision they belong to. Version 1.3 did not
write that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .snapshot import JOURNAL

# The position of a statement; a digest of it; its state: begun, done, failed, or partly (failed, and it may have done
# something before); and a fingerprint of the tables after it, or how a statement begins that failed. At position 0 the
# revision, "up" or "down", and the revision to go back to.
NOTES = f"SELECT position, digest, state, columns_ FROM {JOURNAL} ORDER BY 1"
_COMMANDS = {"up": "upgrade", "down": "downgrade"}


@dataclass(frozen=True)
class Unfinished:
    """A migration of which statements stay, or of which nobody knows whether one does."""

    done: int  # statements
    is_unsure: bool  # whether the one after them was carried out
    is_partly: bool  # whether a part of it may have been, before it failed
    command: str  # upgrade or downgrade; empty where version 1.3 has noted it, as are the next two
    revision: str
    back_to: str  # the revision that the downgrade leads to, or base

    @property
    def stays(self) -> str:
        """What it leaves behind."""
        stays = {0: "", 1: "its first statement stays"}.get(self.done, f"its first {self.done} statements stay")
        unsure = f"whether statement {self.done + 1} was carried out is not known" if self.is_unsure else ""
        partly = f"what statement {self.done + 1} did before it failed may stay" if self.is_partly else ""
        return " and ".join(filter(None, (stays, unsure or partly)))

    @property
    def state(self) -> str:
        """What is unfinished, and what of it stays."""
        what = f"The {self.command} of revision {self.revision}" if self.command else "A migration"
        return f"{what} is unfinished: {self.stays}"

    @property
    def resume(self) -> str:
        """The command that goes on from there."""
        if not self.command:
            return "the same command again"
        return f"`alembic {self.command} {self.back_to or self.revision}`"


def unfinished(notes: Sequence[Sequence[Any]]) -> Unfinished | None:
    """Return what is unfinished by the rows of NOTES; None if nothing of it was carried out."""
    states = [state for position, _, state, _ in notes if position > 0]
    if not {"done", "begun", "partly"} & set(states):
        return None
    named = [(_COMMANDS[state], revision, to or "") for position, revision, state, to in notes if position == 0]
    return Unfinished(
        states.count("done"), "begun" in states, "partly" in states, *(named[0] if named else ("", "", ""))
    )


def counted(done: int) -> str:
    """Return a number of statements in words."""
    return f"{done} statement{'' if done == 1 else 's'}"
