"""What may have been renamed: something is removed and something like it is added, and only a person knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from alembic.util import CommandError

from ...prompts import Answers, Question


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

    @property
    def argument(self) -> str:
        """The ``-x`` argument that says that it is a rename."""
        return f"rename={self.old}:{self.short_new}"


@dataclass(frozen=True)
class Removal:
    """What it means that something was removed and not renamed, and how ``-x`` says so.

    ``needs`` returns further arguments that are then needed, as what was added is new.
    """

    kind: str
    meaning: str
    needs: Callable[[Candidate], tuple[str, ...]] = lambda candidate: ()

    def arguments(self, candidate: Candidate) -> tuple[str, ...]:
        """Return the ``-x`` arguments that say that a candidate was removed."""
        return (f"{self.kind}={candidate.old}", *self.needs(candidate))


def renamed(answers: Answers, candidates: list[Candidate], removal: Removal) -> list[Candidate]:
    """Return the candidates that are renames; nothing is renamed twice.

    Where nobody can be asked, the question is left open, and the most alike are taken for renames. Raises CommandError
    when two answers contradict each other.
    """
    candidates = sorted(candidates, key=lambda each: (-each.likeness, each.old, each.new))
    confirmed = [each for each in candidates if _is_given(answers, each)]
    _require_unique(confirmed)
    in_doubt = [
        each
        for each in candidates
        if each.likeness and not _is_taken(each, confirmed) and not answers.no_rename(each.old)
    ]
    return confirmed + (_asked if answers.can_ask else _left_open)(answers, in_doubt, removal)


def _asked(answers: Answers, in_doubt: list[Candidate], removal: Removal) -> list[Candidate]:
    """Ask once about each removed thing."""
    confirmed: list[Candidate] = []
    for old in dict.fromkeys(each.old for each in in_doubt):
        possible = [each for each in in_doubt if each.old == old and not _is_taken(each, confirmed)]
        if not possible:
            continue
        new = possible[0].short_new if len(possible) == 1 else "one of these"
        lines = [f"{old} is in no model any more. Did you rename it to {new}?"]
        lines += [f"  {number}  it is {each.new} now" for number, each in enumerate(possible, 1)]
        numbers = [str(number) for number in range(len(possible) + 1)]
        question = "\n".join([*lines, f"  0  {removal.meaning}", f"[0-{len(possible)}]"])
        also = ["y", "yes", "n", "no"] if len(possible) == 1 else []
        answer = answers.one_of(question, [*numbers, *also], f"Type a number from 0 to {len(possible)}.")
        if answer == "0":
            answers.add(removal.kind, old)
        elif answer not in ("n", "no"):
            confirmed.append(possible[0 if answer in ("y", "yes") else int(answer) - 1])
    return confirmed


def _left_open(answers: Answers, in_doubt: list[Candidate], removal: Removal) -> list[Candidate]:
    """Leave the questions open, and take the most alike for renames."""
    likely: list[Candidate] = []
    for each in in_doubt:
        if not _is_taken(each, likely):
            likely.append(each)
    for each in likely:
        others = [other for other in in_doubt if other.old == each.old and other is not each]
        possible = [((other.argument,), f"it is {other.new} now") for other in (each, *others)]
        new = each.new if not others else "one of these"
        answers.open.append(
            Question(
                f"{each.old} is in no model any more. Did you rename it to {new}?",
                (*possible, (removal.arguments(each), removal.meaning)),
            )
        )
    return likely


def _is_taken(candidate: Candidate, confirmed: list[Candidate]) -> bool:
    return any(candidate.old == other.old or candidate.new == other.new for other in confirmed)


def _is_given(answers: Answers, candidate: Candidate) -> bool:
    old_names = (candidate.old, candidate.earlier)
    return any(answers.rename(old, candidate.new, candidate.short_new) for old in old_names)


def _require_unique(confirmed: list[Candidate]) -> None:
    for names in ([each.old for each in confirmed], [each.new for each in confirmed]):
        if repeated := {name for name in names if names.count(name) > 1}:
            names_text = ", ".join(sorted(repeated))
            raise CommandError(f"-x rename= names {names_text} in two different renames. Nothing was written.")


def name_likeness(old: str, new: str) -> float:
    """Return how much alike two names are, from 0 to 1."""
    return SequenceMatcher(None, old, new).ratio()


def place_likeness(old: str, olds: list[str], new: str, news: list[str]) -> float:
    """Return how much alike the places of two names are in their tables, from 0 to 1."""
    distance = abs(olds.index(old) - news.index(new))
    return 1 - distance / max(len(olds), len(news))
