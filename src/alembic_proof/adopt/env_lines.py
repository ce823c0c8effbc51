"""Tells which lines an env.py needs, or adds them."""

from __future__ import annotations

from difflib import unified_diff
from io import BytesIO
from pathlib import Path
from tokenize import detect_encoding

from ..doctor.project import Project
from ..errors import ProofError
from .env_file import LINES, SeveralDatabasesError, UnknownEnvError, with_library


def use_library(config_path: Path, write: bool) -> bool:
    """Return whether env.py uses this library, after adding the lines on request. Else they are printed, as a diff.

    Raises ProofError if there is no env.py, or if it is one that no program can change.
    """
    project = Project(config_path)
    if project.uses_library:
        return True
    name = project.name(project.env)
    if not project.env.is_file():
        raise ProofError(f"There is no {name}: run alembic-proof doctor. Nothing was changed.")
    text, encoding = _read(project.env, name)
    newline = next((each for each in ("\r\n", "\n", "\r") if each in text), "\n")
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        changed = with_library(source)
    except SeveralDatabasesError as error:
        raise ProofError(
            f"{name} does not use alembic-proof, which migrates one database for each call of env.py: {error}. Leave "
            "it as it is: alembic-proof doctor examines it all the same. Nothing was changed."
        ) from None
    except UnknownEnvError as error:
        needed = "\n".join(f"    {line}" for line in LINES)
        raise ProofError(
            f"{name} does not use alembic-proof yet, and adopt cannot add the lines itself: {error}. It needs\n\n"
            f"{needed}\n\nwith whatever else context.configure() gets handed to options(). Nothing was changed."
        ) from None
    diff = "\n".join(unified_diff(source.split("\n"), changed.split("\n"), name, name, lineterm="", n=2))
    if not write:
        print(f"{name} does not use alembic-proof yet. Add these lines, or run alembic-proof adopt --write-env:")
        print(f"\n{diff}\n\nNothing was changed.")
        return False
    project.env.write_bytes(changed.replace("\n", newline).encode(encoding))
    print(f"Changed: {name}\n\n{diff}\n")
    return True


def _read(env: Path, name: str) -> tuple[str, str]:
    """Return the text of an env.py, and the encoding in which it is, as Python finds it out. Raises ProofError."""
    content = env.read_bytes()
    try:
        encoding, _ = detect_encoding(BytesIO(content).readline)
        return content.decode(encoding), encoding
    except (SyntaxError, UnicodeDecodeError):
        raise ProofError(f"{name} is no Python file in UTF-8: save it as UTF-8. Nothing was changed.") from None
