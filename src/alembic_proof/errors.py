"""The errors of this library. Every message is a sentence for a person, and has no password in it."""

from __future__ import annotations

import re
from typing import Any


class ProofError(Exception):
    """The base of all of them."""


class SettingsError(ProofError):
    """A setting, or the URL of a database, is missing or unusable."""


class DatabaseNotReady(ProofError):
    """The application must not start on this database. The message says why, and what to do."""


class UndeterminedError(ProofError):
    """Something could not be examined. The message says why, and how it could."""


class NotApplicableError(ProofError):
    """A check does not apply here. The message says why."""


class NoScratchDatabaseError(ProofError):
    """Something wanted to connect to a database for which no scratch database can stand in, and was kept from it."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, with the password of a URL masked.

    Of Alembic's CommandError, whose message is one for people, all of it on one line.
    """
    text = said(error).strip() or "without a message"
    line = " ".join(text.split()) if type(error).__name__ == "CommandError" else text.splitlines()[0]
    return without_password(line)


def said(error: BaseException) -> str:
    """Return what an error says; of a driver that has a number and a text (MariaDB's and MySQL's), the text."""
    args: tuple[object, ...] = getattr(getattr(error, "orig", None) or error, "args", ())
    has_number = len(args) > 1 and isinstance(args[0], int) and isinstance(args[1], str)
    return str(args[1]) if has_number and not isinstance(error, OSError) else str(error)


def without_password(text: str) -> str:
    """Return a text in which the password of a URL is masked."""
    return re.sub(r"(://[^:/@\s]*:|found: ')\S*@", r"\1***@", text)


def error_codes(error: Any) -> set[Any]:
    """Return how a driver says what an error is: PostgreSQL's SQLSTATE, MariaDB's error number, SQLite's text."""
    codes = [getattr(error, "sqlstate", None), getattr(error, "pgcode", None), *getattr(error, "args", ())[:1]]
    return {code for code in codes if isinstance(code, (str, int))}  # some drivers put a dictionary into args
