"""Brings a version of the library into a project that has it as a wheel in ``vendor/``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import ProofError
from . import wheel

VENDOR = "vendor"
# The requirement, as in "alembic-proof==1.0.0+h3f0c", and where [tool.uv.sources] says that the wheel is.
_NAME = r"alembic[-_.]proof(?:\[[^\]]*\])?"
_REQUIREMENT = re.compile(rf"""(?i)(?<=["']){_NAME}(?![\w.-])(?P<specifier>[^"';@\n]*)(?!["']\s*=)""")
_PIN = re.compile(r"\s*==\s*(?P<version>[^\s,*]+)\s*")
_UV_SOURCE = re.compile(rf"""(?im)^(?P<key>["']?{_NAME}["']?\s*=\s*\{{[^}}\n]*\bpath\s*=\s*)(["'])[^"'\n]*\2""")


class VendoringError(ProofError):
    """The project or the source tree is not as it has to be. The message says which, why, and what to do."""


@dataclass(frozen=True)
class Vendored:
    """What was changed in a project, and what is to be done next."""

    before: str
    """The version that the project asked for."""
    version: str
    """The version that it asks for now."""
    wheel: Path
    """The file in ``vendor/``."""
    next_steps: tuple[str, ...]
    """Commands, to be run in the project's directory."""


def vendor(source: Path, project: Path) -> Vendored:
    """Build the wheel of a source tree into a project, and let the project's pyproject.toml ask for it.

    source is the root of a clone of the library's repository, project the directory that has the pyproject.toml. The
    new wheel is written first, then pyproject.toml, and other wheels of the library are removed last: wherever it is
    interrupted, it can be repeated. Nothing is installed.

    Raises VendoringError, before anything is written, where one of the two is not as described; OSError where a file
    cannot be read or written.
    """
    pyproject = project / "pyproject.toml"
    version = _version(source)
    text, before = _text_and_version(pyproject, version)
    path = wheel.build(source, project / VENDOR)
    _replace(pyproject, _pinned(text, version))
    for other in path.parent.glob(wheel.PATTERN):
        if other != path:
            other.unlink()
    return Vendored(before, version, path, tuple(_next_steps(project)))


def _version(source: Path) -> str:
    for needed in ("pyproject.toml", "LICENSE", f"src/{wheel.PACKAGE}/__init__.py"):
        if not (source / needed).is_file():
            raise VendoringError(
                f"{source} has no {needed}: give the directory of a clone of the repository of alembic-proof."
            )
    return wheel.version(source)


def _text_and_version(pyproject: Path, version: str) -> tuple[str, str]:
    """Return what a pyproject.toml says, and which version of the library it asks for."""
    if not pyproject.is_file():
        raise VendoringError(f"There is no {pyproject}: run this in the project, or name its directory.")
    text = pyproject.read_bytes().decode()
    before = ""
    for requirement in _REQUIREMENT.finditer(text):
        pin = _PIN.fullmatch(requirement["specifier"])
        if pin is None:
            raise VendoringError(
                f"{pyproject} has the requirement {requirement[0].strip()!r}, which an index fulfils: upgrade it "
                f'there, or write "alembic-proof=={version}" instead, and run this again.'
            )
        before = before or pin["version"]
    if not before:
        raise VendoringError(
            f'{pyproject} does not require alembic-proof: add "alembic-proof=={version}" to its dependencies, and '
            "run this again."
        )
    return text, before


def _pinned(text: str, version: str) -> str:
    """Return the text of a pyproject.toml with another version of the library in it."""

    def pin(match: re.Match[str]) -> str:
        return match[0].removesuffix(match["specifier"]) + f"=={version}"

    def path(match: re.Match[str]) -> str:
        return f'{match["key"]}"{VENDOR}/{wheel.filename(version)}"'

    text = _REQUIREMENT.sub(pin, text)
    if _UV_SOURCE.search(text):
        return _UV_SOURCE.sub(path, text)
    newline = "\r\n" if "\r\n" in text else "\n"
    source = f'alembic-proof = {{ path = "{VENDOR}/{wheel.filename(version)}" }}{newline}'
    header = re.search(r"^\[tool\.uv\.sources\][^\n]*\n", text, re.MULTILINE)
    if header:
        return text[: header.end()] + source + text[header.end() :]
    return f"{text.rstrip()}{newline}{newline}[tool.uv.sources]{newline}{source}"


def _replace(path: Path, text: str) -> None:
    """Write a file, at once: a reader sees the old one or the new one."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(text.encode())
    part.chmod(path.stat().st_mode)
    os.replace(part, path)


def _next_steps(project: Path) -> list[str]:
    if (project / "uv.lock").is_file():
        return ["uv sync", "uv run alembic-proof doctor", f"git add --all {VENDOR} pyproject.toml uv.lock"]
    return [
        f"pip install -e . --group dev -f {VENDOR}",
        "alembic-proof doctor",
        f"git add --all {VENDOR} pyproject.toml",
    ]
