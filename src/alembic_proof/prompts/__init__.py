"""Who answers a question that only a person can: the ``-x`` arguments of the command, a terminal, nobody, or a test."""

from __future__ import annotations

from .answers import Answers, Question
from .askers import Asker, Nobody, Scripted, Terminal
from .command_line import answering, in_flask, is_flask_command, is_of_flask

__all__ = [
    "Answers",
    "Asker",
    "Nobody",
    "Question",
    "Scripted",
    "Terminal",
    "answering",
    "in_flask",
    "is_flask_command",
    "is_of_flask",
]
