"""A project's file ``.env``: what it says of a variable, and on which line it cannot be read."""

from __future__ import annotations

import io
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .errors import SettingsError


class NoReaderError(SettingsError):
    """python-dotenv is not installed, so nobody knows what the file says."""


def read(variable: str, file: Path) -> str | None:
    """Return the value of a variable in a .env file; None where there is no such file, or nothing like it in the file.

    Raises SettingsError for a file that cannot be read, and for the line that was meant and cannot be understood.
    """
    try:
        if not file.exists():
            return None
        text = file.read_text("utf-8-sig")  # as some editors write a byte order mark
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8 text: save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from None
    try:
        from dotenv.parser import parse_stream  # here, because nobody needs it who has the variable in the environment
    except ModuleNotFoundError:
        raise NoReaderError(
            f"{variable} is not set in the environment, and to read {file}, python-dotenv must be installed."
        ) from None
    lines = list(parse_stream(io.StringIO(text)))  # no interpolation: a "$" in a password is a "$"
    value = {line.key: line.value for line in lines}.get(variable)
    if value is None:
        for line in lines:
            if reason := _unusable(variable, line):
                raise SettingsError(f"{file}, line {_number(variable, line)}: {reason}")
    return value


def _unusable(variable: str, line: Any) -> str:
    """Return what is wrong with a line that was to set the variable, without what is in it; else an empty string."""
    right = f"write {variable}=URL."
    if line.key == variable:
        return f"{variable} has no value: {right}"
    if line.key is not None:
        misspelt = get_close_matches(variable, [line.key.strip("\"'").upper()], 1, 0.9)
        return f"it sets {line.key}, and {variable} is set nowhere: {right}" if misspelt else ""
    written = re.search(rf"^(.*?)\b{re.escape(variable)}\b[ \t]*(.*)$", line.original.string, re.MULTILINE)
    if not line.error or written is None:
        return ""
    if written[2].startswith(":"):
        return f"after {variable} is a colon: {right}"
    before = line.original.string[: written.start()].strip()
    if ((quoted := re.match(r"=\s*([\"'])", written[2])) and written[2].count(quoted[1]) == 1) or before:
        return f"a quotation mark is not closed: {right}"
    return f"it is not of the form {variable}=URL: {right}"


def _number(variable: str, line: Any) -> int:
    """Return the line on which the variable is; a quotation mark that is not closed swallows more than one."""
    number: int = line.original.line
    text: str = line.original.string
    before = text.partition(variable)[0] if variable in text else text[: len(text) - len(text.lstrip())]
    return number + before.count("\n")
