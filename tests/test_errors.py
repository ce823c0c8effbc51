"""The errors of the library."""

from __future__ import annotations

import pytest
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from alembic_proof import errors

OWN = [value for value in vars(errors).values() if isinstance(value, type) and value.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", OWN)
def test_everything_can_be_caught_as_one_error(kind: type) -> None:
    """A caller need not list them."""
    assert issubclass(kind, errors.ProofError)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", "without a message"),
        ("one\ntwo", "one"),
        ("\n  padded\nmore", "padded"),
        ("no such host postgresql://app:s3cret@db/shop", "no such host postgresql://app:***@db/shop"),
        ("postgresql://app:s3/c:r@t@db/shop", "postgresql://app:***@db/shop"),
        ("postgresql://app@db/shop", "postgresql://app@db/shop"),
        ("invalid literal for int() found: 's3cret@host'", "invalid literal for int() found: '***@host'"),
        ("write to me@example.org", "write to me@example.org"),
    ],
)
def test_the_first_line_has_no_password(message: str, line: str) -> None:
    """It is shown to people, and in logs."""
    assert errors.first_line(ValueError(message)) == line


def test_alembics_sentences_are_whole() -> None:
    """Several questions are on several lines."""
    assert (
        errors.first_line(CommandError("There are 2 questions.\n  One?\n  Two?")) == "There are 2 questions. One? Two?"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("wrong"), "wrong"),
        (ValueError(1045, "Access denied"), "Access denied"),
        (DBAPIError("SELECT 1", {}, ValueError(1045, "Access denied")), "Access denied"),
        (FileNotFoundError(2, "No such file", "x"), "[Errno 2] No such file: 'x'"),
    ],
)
def test_what_an_error_says(error: Exception, words: str) -> None:
    """Drivers of MariaDB raise a number and a text."""
    assert errors.said(error) == words
