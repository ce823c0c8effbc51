"""What happens to the rows with a label that an enum no longer has: they get its new name, or another label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from alembic.util import CommandError

from ...prompts import Question
from ..draft import Draft
from .candidates import Candidate, Removal, name_likeness, renamed
from .fills import PLACEHOLDER
from .said_renames import require_free
from .stored_values import Found
from .values import SQL

# What a fill says that leaves rows without a label.
_NULL = f"{SQL}NULL"


@dataclass(frozen=True)
class Labels:
    """The labels of an enum before and after, by the name of its type or column; and what tells of rows with one."""

    name: str
    before: Sequence[str]
    after: Sequence[str]
    rows_with: Callable[[str], list[tuple[str, Found]]]  # by each column that has such rows
    is_nullable: bool
    added: Sequence[str] | None = None  # what a label may have been renamed to, where not all that are new
    left: str = "the upgrade fails until such rows are changed by hand"  # what it means that nothing is done


@dataclass
class Moves:
    """What rows get in place of labels. None is NULL."""

    renamed: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str | None] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)  # nothing is done about them


def moves(draft: Draft, labels: Labels) -> Moves:
    """Return what somebody says that happens to the rows with labels that are gone; else it is asked, or left open.

    A label that no row has here is removed without a question, if it cannot have been renamed.
    """
    found = Moves(_renamed(draft, labels))
    for label in labels.before:
        if label in labels.after or label in found.renamed:
            continue
        new = _replacement(draft, labels, label)
        if new is None:
            found.removed.append(label)
        else:
            found.replaced[label] = None if new == _NULL else new
    return found


def _renamed(draft: Draft, labels: Labels) -> dict[str, str]:
    """Return the new labels by the old ones."""
    name, before, after = labels.name, labels.before, labels.after
    added = [label for label in after if label not in before] if labels.added is None else labels.added
    candidates = [
        Candidate(
            f"{name}.{old}",
            f"{name}.{new}",
            (position == after.index(new)) + name_likeness(old, new) + 0.1,
            old,
            new,
        )
        for position, old in enumerate(before)
        for new in added
        if old not in after and draft.answers.fill(f"{name}.{old}") is None
    ]
    said = _said(draft, labels)
    candidates = [each for each in candidates if each.removed not in said and each.added not in said.values()]

    def fill_arguments(candidate: Candidate) -> tuple[str, ...]:
        return (f"fill={candidate.old}={PLACEHOLDER}",) if labels.rows_with(candidate.removed) else ()

    removal = Removal("no-rename", f"it was removed: where a row has it, {labels.left}", fill_arguments)
    return said | {candidate.removed: candidate.added for candidate in renamed(draft.answers, candidates, removal)}


def _said(draft: Draft, labels: Labels) -> dict[str, str]:
    """Return the labels that take a name which there was, or give up one which there still is: chains and circles.

    Raises CommandError where two would have one name.
    """
    name, before, after, said = labels.name, labels.before, labels.after, {}
    for value, old, new in draft.answers.renames():
        old_label, new_label = old.removeprefix(f"{name}."), new.removeprefix(f"{name}.")
        is_one = old == f"{name}.{old_label}" and old_label in before and new_label in after
        if is_one and (new_label in before or old_label in after):
            said[old_label] = new_label
            draft.answers.use("rename", value)
    require_free(said, before, f"{name}.")
    return said


def _replacement(draft: Draft, labels: Labels, label: str) -> str | None:
    """Return the label that rows with a removed one get, or what stands for NULL; None if nothing is done about them.

    Raises CommandError for an answer that is neither.
    """
    name, answers = f"{labels.name}.{label}", draft.answers
    possible = [*labels.after, *([_NULL] if labels.is_nullable else [])]
    given = answers.fill(name)
    if given is not None:
        if given in possible:
            return given
        raise CommandError(
            f"{given!r} in -x fill={name}={given} is no label that rows can get: there are {', '.join(possible)}. "
            "Nothing was written."
        )
    is_left = answers.find("allow-drop", lambda value: value == name) is not None  # not one for everything
    rows = labels.rows_with(label)
    if is_left or not rows:
        return None
    where = " ".join(f"{found.told(f'row of {column} has it', f'rows of {column} have it')}." for column, found in rows)
    question = f"{name} is no label any more. {where} Which label do such rows get?"
    if answers.can_ask:
        lines = [f"  {number}  {_spelled(new)}" for number, new in enumerate(possible, 1)]
        numbers = [str(number) for number in range(len(possible) + 1)]
        asked = "\n".join([question, *lines, f"  0  none: {labels.left}", f"[0-{len(possible)}]"])
        number = int(answers.one_of(asked, numbers, f"Type a number from 0 to {len(possible)}."))
        return possible[number - 1] if number else None
    one_of = ", ".join(_spelled(new) if new != _NULL else new for new in possible)
    answers.open.append(
        Question(
            question,
            (
                ((f"fill={name}={PLACEHOLDER}",), f"{PLACEHOLDER} is one of {one_of}"),
                ((f"allow-drop={name}",), f"none: {labels.left}"),
            ),
        )
    )
    return None


def _spelled(new: str) -> str:
    return "NULL, which is no label" if new == _NULL else new
