"""What may have been renamed: something is removed and something like it is added, and only a person knows."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from alembic.util import CommandError

from ...prompts import Answers


@dataclass
class Candidate:
    """Something that is removed and something that is added, by their full names, and how much alike they are."""

    old: str
    new: str
    likeness: float  # 0 if they cannot be the same
    removed: Any
    added: Any
    earlier: str = ""  # the old full name, where its table is renamed too

    @property
    def short_new(self) -> str:
        """The new name without that of the table."""
        return str(getattr(self.added, "name", self.added))


def renamed(answers: Answers, candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates that are renames, the most alike first; nothing is renamed twice.

    Raises CommandError when an answer is missing and nobody can be asked, or when two answers contradict each other.
    """
    candidates.sort(key=lambda each: (-each.likeness, each.old, each.new))
    confirmed = [each for each in candidates if _is_given(answers, each)]
    _require_unique(confirmed)
    undecided = []
    for each in candidates:
        is_taken = any(each.old == other.old or each.new == other.new for other in confirmed)
        if is_taken or not each.likeness or answers.no_rename(each.old):
            continue
        if not answers.can_ask:
            undecided.append(each)
        elif answers.yes(f"Did you rename {each.old} to {each.new}?"):
            confirmed.append(each)
    if undecided:
        raise CommandError(_question(answers, undecided))
    return confirmed


def _is_given(answers: Answers, candidate: Candidate) -> bool:
    old_names = (candidate.old, candidate.earlier)
    return any(answers.rename(old, candidate.new, candidate.short_new) for old in old_names)


def _require_unique(confirmed: list[Candidate]) -> None:
    for names in ([each.old for each in confirmed], [each.new for each in confirmed]):
        if repeated := {name for name in names if names.count(name) > 1}:
            names_text = ", ".join(sorted(repeated))
            raise CommandError(f"-x rename= names {names_text} in two different renames. Nothing was written.")


def _question(answers: Answers, undecided: list[Candidate]) -> str:
    first = undecided[0]
    unused = "".join(f"{answer} does not match any of them.\n" for answer in answers.unused("rename"))
    return (
        "These may be renames:\n"
        + "".join(f"  {each.old} to {each.new}\n" for each in undecided)
        + unused
        + f"Say -x rename={first.old}:{first.short_new} for each that is one, and -x no-rename for the rest "
        "(alembic -x ... revision ...). Nothing was written."
    )


def name_likeness(old: str, new: str) -> float:
    """Return how much alike two names are, from 0 to 1."""
    return SequenceMatcher(None, old, new).ratio()
